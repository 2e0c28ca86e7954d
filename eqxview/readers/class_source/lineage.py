"""The bases of a class, in the order in which Python resolves them (C3)."""

import ast
from typing import NamedTuple

from eqxview.readers.class_source.facts import ClassFacts, ClassKind, FieldFacts
from eqxview.readers.class_source.known_classes import KnownClasses
from eqxview.readers.class_source.module_source import ModuleSource, dotted_name
from eqxview.readers.class_source.resolve import Definition, Resolver
from eqxview.readers.class_source.roots import Root, root_named

_MAX_DEPTH = 50
"""Bases of bases followed; real classes have a handful."""
_MAX_BASES = 64
"""Bases of one class that are looked at."""
_MAX_LINEAGE = 256
"""Ancestors kept of one class: merging them takes time that grows with the cube."""


class Ancestor(NamedTuple):
    """One class in a lineage. At most one of `definition`, `root`, `facts` is there."""

    name: str
    """Qualified with its module, or as far as it could be followed."""
    definition: Definition | None = None
    root: Root | None = None
    """What it means, where its name alone says that."""
    facts: ClassFacts | None = None
    """What the shipped table, or the expression itself, knows of it."""


class Lineages:
    """Finds lineages."""

    def __init__(self, resolver: Resolver, table: KnownClasses) -> None:
        self._resolver = resolver
        self._table = table
        self._known: dict[str, list[Ancestor]] = {}
        self._open: set[str] = set()
        """Classes whose lineage is being made: a class may be its own ancestor."""

    def of(self, definition: Definition) -> list[Ancestor]:
        """The class itself, then its ancestors, the nearest first."""
        name = definition.qualified
        # Kept for every class on the way: thirty diamonds, one above the other, would be
        # followed a billion times.
        if name not in self._known:
            if name in self._open or len(self._open) >= _MAX_DEPTH:
                return [Ancestor(name, definition)]
            self._open.add(name)
            self._known[name] = self._made(definition)
            self._open.remove(name)
        return self._known[name]

    def _made(self, definition: Definition) -> list[Ancestor]:
        own = Ancestor(definition.qualified, definition)
        bases = self.bases(definition)
        lines = [
            self.of(base.definition) if base.definition is not None else [base] for base in bases
        ]
        return [own, *_merged([*lines, bases])]

    def bases(self, definition: Definition) -> list[Ancestor]:
        """The classes that the definition names as its bases."""
        source, name = definition
        return [self._base(source, base) for base in source.classes[name].bases[:_MAX_BASES]]

    def _base(self, source: ModuleSource, node: ast.expr) -> Ancestor:
        if (facts := named_tuple_call(node)) is not None:
            return Ancestor(f"{source.name}:{node.lineno}", facts=facts)
        found = self._resolver.follow(source, node)
        if isinstance(found, Definition):
            if found.name in found.source.classes:
                return Ancestor(found.qualified, found)
            value = found.source.assignments.get(found.name)
            facts = named_tuple_call(value) if value is not None else None
            return Ancestor(found.qualified, facts=facts)
        if found is None:
            return Ancestor("")
        root = root_named(found)
        return Ancestor(found, root=root, facts=None if root else self._table.get(found))


def named_tuple_call(node: ast.expr) -> ClassFacts | None:
    """The facts that `namedtuple("Point", "x y")` tells; `None` for any other expression."""
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return None
    called = dotted_name(node.func)
    if called is None or called[-1] not in ("namedtuple", "NamedTuple"):
        return None
    match node.args[1]:
        case ast.Constant(value=str(text)):
            names = text.replace(",", " ").split()
        case ast.List(elts=items) | ast.Tuple(elts=items):
            # Names, or for `NamedTuple` pairs of name and annotation.
            first = [i.elts[0] if isinstance(i, ast.Tuple) and i.elts else i for i in items]
            names = [i.value for i in first if isinstance(i, ast.Constant)]
        case _:
            return None
    fields = tuple(FieldFacts(name, False) for name in names if isinstance(name, str))
    return ClassFacts(ClassKind.NAMEDTUPLE, fields)


def _merged(lines: list[list[Ancestor]]) -> list[Ancestor]:
    """The lines in one, as C3 merges them; where that fails, in the order of appearance."""
    lines = [list(line) for line in lines if line]
    merged: list[Ancestor] = []
    while lines and len(merged) < _MAX_LINEAGE:
        later = {ancestor.name for line in lines for ancestor in line[1:]}
        # No line may begin: Python refuses such bases, so the source is not what was run.
        head = next((line[0] for line in lines if line[0].name not in later), lines[0][0])
        merged.append(head)
        lines = [rest for line in lines if (rest := [a for a in line if a.name != head.name])]
    return merged
