"""From a name in one module, through imports and re-exports, to where it is defined."""

import ast
import builtins
from typing import NamedTuple

from eqxview.readers.class_source.module_source import ModuleSource, dotted_name
from eqxview.readers.class_source.roots import decorator_named, field_function_named, root_named
from eqxview.readers.class_source.source_files import SourceFiles

_MAX_STEPS = 150
"""Modules looked into for one name: real ones take two or three, circles of imports and of
`import *` would take for ever."""

_BUILTIN_NAMES = frozenset(dir(builtins))


class Definition(NamedTuple):
    """Where a name is defined."""

    source: ModuleSource
    name: str
    """Qualified name within the module."""

    @property
    def qualified(self) -> str:
        """The name with its module."""
        return f"{self.source.name}.{self.name}"


class Resolver:
    """Follows names; reads each module at most once."""

    def __init__(self, files: SourceFiles) -> None:
        self._files = files
        self._modules: dict[str, ModuleSource | None] = {}
        self._steps = 0

    def module(self, name: str) -> ModuleSource | None:
        """The source of the module `name`; `None` where there is none, or it is no Python."""
        if name not in self._modules:
            self._modules[name] = self._parsed(name)
        return self._modules[name]

    def find(self, module: str, name: str) -> Definition | str:
        """Where `name` (dotted) of `module` is defined; see `follow`."""
        self._steps = _MAX_STEPS
        return self._find(module, name.split("."))

    def follow(self, source: ModuleSource, expression: ast.expr) -> Definition | str | None:
        """Where the class or function that `expression` names is defined.

        A name whose meaning is known, or whose source is not to be had, gives the qualified
        name as far as it could be followed. An expression that is no name gives `None`.
        """
        while isinstance(expression, ast.Subscript):
            expression = expression.value
        parts = dotted_name(expression)
        if parts is None:
            return None
        self._steps = _MAX_STEPS
        return self._follow(source, parts)

    def _parsed(self, name: str) -> ModuleSource | None:
        found = self._files.read(name)
        if found is None:
            return None
        text, is_package = found
        try:
            return ModuleSource(name, text, is_package=is_package)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # No Python, or another Python: the class then counts as one without source, and
            # the footer says so.
            return None

    def _find(self, module: str, parts: list[str]) -> Definition | str:
        qualified = ".".join([module, *parts])
        if not parts or len(parts) > _MAX_PARTS or _is_known(qualified):
            return qualified
        source = self.module(module)
        if source is None:
            return qualified
        return self._bound(source, parts) or self._submodule(module, parts)

    def _submodule(self, module: str, parts: list[str]) -> Definition | str:
        inner = f"{module}.{parts[0]}"
        if len(parts) > 1 and self.module(inner) is not None:
            return self._find(inner, parts[1:])
        return ".".join([module, *parts])

    def _follow(self, source: ModuleSource, parts: list[str]) -> Definition | str:
        if (found := self._bound(source, parts)) is not None:
            return found
        space = "builtins" if parts[0] in _BUILTIN_NAMES else source.name
        return ".".join([space, *parts])

    def _bound(self, source: ModuleSource, parts: list[str]) -> Definition | str | None:
        """What `parts` is in `source`; `None` if its first name is not bound there."""
        self._steps -= 1
        if self._steps < 0 or len(parts) > _MAX_PARTS:
            return None
        first, rest = parts[0], parts[1:]
        if first in source.classes:
            name = ".".join(parts)
            return Definition(source, name if name in source.classes else first)
        if first in source.functions:
            return Definition(source, first)
        if (imported := source.imports.get(first)) is not None:
            if imported.attribute is None:
                return self._find(imported.module, rest)
            return self._find_imported(imported.module, imported.attribute, rest)
        if first in source.assignments:
            alias = dotted_name(source.assignments[first])
            if alias is not None and alias[0] != first:
                return self._follow(source, alias + rest)
            return Definition(source, first)
        for module in source.stars:
            star = self.module(module)
            if star is not None and (found := self._bound(star, parts)) is not None:
                return found
        return None

    def _find_imported(self, module: str, attribute: str, rest: list[str]) -> Definition | str:
        # `from package import name`: an attribute of the package, or one of its modules.
        if not rest:
            return self._find(module, [attribute])
        source = self.module(module)
        is_attribute = source is not None and (
            attribute in source.classes
            or attribute in source.assignments
            or attribute in source.imports
        )
        if is_attribute:
            return self._find(module, [attribute, *rest])
        return self._find(f"{module}.{attribute}", rest)


_MAX_PARTS = 20
"""Dots in one name."""


def _is_known(qualified: str) -> bool:
    return (
        root_named(qualified) is not None
        or decorator_named(qualified) is not None
        or field_function_named(qualified) is not None
    )
