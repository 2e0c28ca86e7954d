"""What a module binds at its top level, read from its source with `ast`."""

import ast
import os
import warnings
from typing import NamedTuple


class Imported(NamedTuple):
    """A name that another module defines."""

    module: str
    attribute: str | None
    """`None` where the name is the module itself."""


class ModuleSource:
    """The top level of one module: names, and what each is bound to."""

    def __init__(self, name: str, text: str, *, is_package: bool) -> None:
        """Raises `SyntaxError`, `ValueError`, `RecursionError` or `MemoryError` (all `ast`'s)."""
        self.name = name
        self._package = name if is_package else name.rpartition(".")[0]
        self.imports: dict[str, Imported] = {}
        self.stars: list[str] = []
        """Modules whose every name is imported."""
        self.classes: dict[str, ast.ClassDef] = {}
        """By qualified name: `Outer.Inner` too, those inside functions not."""
        self.functions: dict[str, ast.FunctionDef] = {}
        self.assignments: dict[str, ast.expr] = {}
        self.calls: list[ast.Call] = []
        """Calls that stand alone as statements: registrations are among them."""
        self._visit(syntax_tree(text).body)

    def _visit(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            match statement:
                case ast.ClassDef():
                    self._visit_class(statement, "")
                case ast.FunctionDef():
                    _forget_long_body(statement)
                    self.functions[statement.name] = statement
                case ast.Import():
                    self._visit_import(statement)
                case ast.ImportFrom():
                    self._visit_import_from(statement)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.assignments[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.assignments[name] = value
                case ast.Expr(value=ast.Call() as call):
                    self.calls.append(call)
                case ast.If():
                    # What is bound for the type checker alone is not what the class was made of.
                    if _last_name(statement.test) == "TYPE_CHECKING":
                        self._visit(statement.orelse)
                    else:
                        # The first branch last: it is the usual one, and the last binding wins.
                        self._visit(statement.orelse)
                        self._visit(statement.body)
                case ast.Try():
                    for handler in statement.handlers:
                        self._visit(handler.body)
                    self._visit(statement.body)
                    self._visit(statement.orelse)
                case ast.With():
                    self._visit(statement.body)

    def _visit_class(self, node: ast.ClassDef, outer: str) -> None:
        name = outer + node.name
        self.classes[name] = node
        for statement in node.body:
            if isinstance(statement, ast.ClassDef):
                self._visit_class(statement, f"{name}.")
            elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                _forget_long_body(statement)

    def _visit_import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname is not None:
                self.imports[alias.asname] = Imported(alias.name, None)
            else:
                first = alias.name.partition(".")[0]
                self.imports[first] = Imported(first, None)

    def _visit_import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            package = self._package.split(".")
            package = package[: len(package) - (node.level - 1)]
            module = ".".join([*package, module] if module else package)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self.imports[alias.asname or alias.name] = Imported(module, alias.name)


def _forget_long_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Free what a function does, unless that is a line or two: it is most of a syntax tree.

    All sources that one file names stay in memory until it is read.
    """
    if len(function.body) > 2:
        function.body = []


def syntax_tree(text: str) -> ast.Module:
    """`text` parsed, and nothing else touched or said.

    Raises `SyntaxError`, `ValueError`, `RecursionError` or `MemoryError`.
    """
    with warnings.catch_warnings():
        # Doubtful escapes in somebody's source are not for the user who opens a file.
        warnings.simplefilter("ignore")
        # Where the source is no Python, `ast` opens the file of this name to quote the line
        # at fault; by default that is `<unknown>` in the working directory.
        return ast.parse(text, filename=os.devnull)


def dotted_name(node: ast.expr) -> list[str] | None:
    """`["eqx", "nn", "Linear"]` of `eqx.nn.Linear`; `None` for any other expression."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.append(node.id)
    names.reverse()
    return names


def _last_name(node: ast.expr) -> str | None:
    names = dotted_name(node)
    return names[-1] if names else None
