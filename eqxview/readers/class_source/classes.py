"""`Classes`: what is known of a class, whoever knows it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eqxview.readers.class_source.facts import ClassFacts, ClassKind
from eqxview.readers.class_source.source_files import SourceFiles

if TYPE_CHECKING:
    from eqxview.readers.class_source.from_source import SourceFacts
    from eqxview.readers.class_source.resolve import Resolver


class Classes:
    """Answers what the instances of a class are; every class is looked for once.

    Nothing is imported, and no file opened but Python source on the import path or given.
    """

    def __init__(self, source_dirs: Sequence[str] = ()) -> None:
        self._files = SourceFiles(source_dirs)
        self._known: dict[tuple[str, str], ClassFacts | None] = {}
        self._source: tuple[Resolver, SourceFacts] | None = None
        self._table: dict[str, ClassFacts] = {}
        self._moved: dict[tuple[str, str], ClassFacts] = {}
        """By library and name, for classes that stood in another module when the file was
        written."""

    def facts(self, module: str, name: str) -> ClassFacts | None:
        """What is known of the class `name` (qualified) of `module`; `None`: nothing."""
        key = (module, name)
        if key not in self._known:
            self._known[key] = self._look_up(module, name)
        return self._known[key]

    def _look_up(self, module: str, name: str) -> ClassFacts | None:
        if len(name) > 500 or "<locals>" in name:
            # A class made inside a function: its source is there, but not under its name.
            return None
        resolver, source = self._sources()
        from eqxview.readers.class_source.resolve import Definition

        found = resolver.find(module, name)
        facts = None
        if isinstance(found, Definition):
            facts = source.of(found)
        if facts is None or facts.kind == ClassKind.UNSURE:
            found = found.qualified if isinstance(found, Definition) else found
            return (
                self._table.get(f"{module}.{name}")
                or self._table.get(found)
                or facts
                or self._moved.get((module.partition(".")[0], name))
            )
        return facts

    def _sources(self) -> "tuple[Resolver, SourceFacts]":
        if self._source is None:
            # `ast` takes 10 ms to import: a file without classes does not pay for it.
            from eqxview.readers.class_source.from_source import SourceFacts
            from eqxview.readers.class_source.known_classes import known_classes, only_ones
            from eqxview.readers.class_source.resolve import Resolver

            self._table = known_classes()
            self._moved = only_ones(self._table)
            resolver = Resolver(self._files)
            self._source = (resolver, SourceFacts(resolver, self._table))
        return self._source
