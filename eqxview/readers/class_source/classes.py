"""`Classes`: what is known of a class, whoever knows it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eqxview.readers.class_source.facts import ClassFacts, ClassKind
from eqxview.readers.class_source.source_files import SourceFiles

if TYPE_CHECKING:
    from eqxview.readers.class_source.known_classes import KnownClasses


class Classes:
    """Answers what the instances of a class are; every class is looked for once.

    Nothing is imported, and no file opened but Python source on the import path or given.
    """

    def __init__(self, source_dirs: Sequence[str] = ()) -> None:
        self._files = SourceFiles(source_dirs)
        self._known: dict[tuple[str, str], ClassFacts | None] = {}
        self._learners: _Learners | None = None

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
        if self._learners is None:
            self._learners = _Learners(self._files)
        return self._learners.facts(module, name)


class _Learners:
    """The sources of facts, made when the first class is asked for."""

    def __init__(self, files: SourceFiles) -> None:
        from eqxview.readers.class_source.known_classes import KnownClasses

        self._files = files
        self._table = KnownClasses()
        self._exact: dict[str, bool] = {}
        self._of_source: _OfSource | None = None

    def facts(self, module: str, name: str) -> ClassFacts | None:
        """By the table, where it was made of the very version that is installed; else by source."""
        library = module.partition(".")[0]
        if self._is_exact(library):
            facts = self._table.get(f"{module}.{name}")
            # The same as the source says of these kinds, without the 50 ms of parsing it; of
            # others, such as enumerations, the source says more.
            if facts is not None and facts.kind in (ClassKind.MODULE, ClassKind.NAMEDTUPLE):
                return facts
        if self._of_source is None:
            self._of_source = _OfSource(self._files, self._table)
        return self._of_source.facts(module, name)

    def _is_exact(self, library: str) -> bool:
        if library not in self._exact:
            version = self._table.version(library)
            self._exact[library] = version is not None and self._files.is_installed(
                library, version
            )
        return self._exact[library]


class _OfSource:
    """Facts of source, and of the table for what has none.

    `ast` and what goes with it take 10 ms to import: who needs no source pays nothing.
    """

    def __init__(self, files: SourceFiles, table: "KnownClasses") -> None:
        from eqxview.readers.class_source.from_source import SourceFacts
        from eqxview.readers.class_source.resolve import Resolver

        self._table = table
        self._resolver = Resolver(files)
        self._source = SourceFacts(self._resolver, self._table)

    def facts(self, module: str, name: str) -> ClassFacts | None:
        """By source, then by the table."""
        found = self._resolver.find(module, name)
        facts = None if isinstance(found, str) else self._source.of(found)
        if facts is not None and facts.kind != ClassKind.UNSURE:
            return facts
        defined = found if isinstance(found, str) else found.qualified
        return (
            self._table.get(f"{module}.{name}")
            or self._table.get(defined)
            or facts
            or self._table.moved(module, name)
        )
