"""From a name in one module, through imports and re-exports, to where it is defined."""

import ast
import builtins
from typing import NamedTuple

from eqxview.readers.class_source.module_source import ModuleSource, dotted_name
from eqxview.readers.class_source.roots import decorator_named, field_function_named, root_named
from eqxview.readers.class_source.source_files import SourceFiles

_MAX_STEPS = 40
"""Imports followed for one name: real ones take two or three, a circle would take for ever."""

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

    def module(self, name: str) -> ModuleSource | None:
        """The source of the module `name`; `None` where there is none, or it is no Python."""
        if name not in self._modules:
            self._modules[name] = self._parsed(name)
        return self._modules[name]

    def find(self, module: str, name: str) -> Definition | str:
        """Where `name` (dotted) of `module` is defined; see `follow`."""
        return self._find(module, name.split("."), _MAX_STEPS)

    def follow(self, source: ModuleSource, expression: ast.expr) -> Definition | str | None:
        """Where the class or function that `expression` names is defined.

        A name whose meaning is known, or whose source is not to be had, gives the qualified
        name as far as it could be followed. An expression that is no name gives `None`.
        """
        while isinstance(expression, ast.Subscript):
            expression = expression.value
        parts = dotted_name(expression)
        return None if parts is None else self._follow(source, parts, _MAX_STEPS)

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

    def _find(self, module: str, parts: list[str], steps: int) -> Definition | str:
        qualified = ".".join([module, *parts])
        if not parts or steps <= 0 or _is_known(qualified):
            return qualified
        source = self.module(module)
        if source is None:
            return qualified
        return self._bound(source, parts, steps) or self._submodule(module, parts, steps)

    def _submodule(self, module: str, parts: list[str], steps: int) -> Definition | str:
        inner = f"{module}.{parts[0]}"
        if len(parts) > 1 and self.module(inner) is not None:
            return self._find(inner, parts[1:], steps - 1)
        return ".".join([module, *parts])

    def _follow(self, source: ModuleSource, parts: list[str], steps: int) -> Definition | str:
        if (found := self._bound(source, parts, steps)) is not None:
            return found
        space = "builtins" if parts[0] in _BUILTIN_NAMES else source.name
        return ".".join([space, *parts])

    def _bound(
        self,
        source: ModuleSource,
        parts: list[str],
        steps: int,
        searched: set[str] | None = None,
    ) -> Definition | str | None:
        """What `parts` is in `source`; `None` if its first name is not bound there.

        `searched` are modules known not to bind it.
        """
        first, rest = parts[0], parts[1:]
        if steps <= 0:
            return None
        if first in source.classes:
            name = ".".join(parts)
            return Definition(source, name if name in source.classes else first)
        if first in source.functions:
            return Definition(source, first)
        if (imported := source.imports.get(first)) is not None:
            if imported.attribute is None:
                return self._find(imported.module, rest, steps - 1)
            return self._find_imported(imported.module, imported.attribute, rest, steps - 1)
        if first in source.assignments:
            alias = dotted_name(source.assignments[first])
            if alias is not None and alias[0] != first:
                return self._follow(source, alias + rest, steps - 1)
            return Definition(source, first)
        # A dozen modules that all import everything from each other have more ways through
        # them than can be followed.
        searched = set() if searched is None else searched
        searched.add(source.name)
        for module in source.stars:
            if module in searched:
                continue
            searched.add(module)
            star = self.module(module)
            if star is None:
                continue
            if (found := self._bound(star, parts, steps - 1, searched)) is not None:
                return found
        return None

    def _find_imported(
        self, module: str, attribute: str, rest: list[str], steps: int
    ) -> Definition | str:
        # `from package import name`: an attribute of the package, or one of its modules.
        if not rest:
            return self._find(module, [attribute], steps)
        source = self.module(module)
        inner = f"{module}.{attribute}"
        is_module = source is None or attribute not in (
            *source.classes,
            *source.assignments,
            *source.imports,
        )
        if is_module:
            return self._find(inner, rest, steps)
        return self._find(module, [attribute, *rest], steps)


def _is_known(qualified: str) -> bool:
    return (
        root_named(qualified) is not None
        or decorator_named(qualified) is not None
        or field_function_named(qualified) is not None
    )
