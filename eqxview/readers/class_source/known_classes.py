"""The shipped table: classes of well-known libraries, for where these are not installed.

`known_classes.json` is written by `tools/known_classes.py`, which looks at the live classes.
For each library: its version, and for each module its classes, each as one string: the kind,
then the fields in order, static ones with a star.

    "equinox": {
      "version": "0.13.8",
      "classes": {"equinox.nn._mlp": {"MLP": "module layers activation *use_bias"}},
      "aliases": {"equinox.nn.MLP": "equinox.nn._mlp.MLP"}
    }
"""

import os
from collections.abc import Iterator

from eqxview.readers.class_source.facts import ClassFacts, ClassKind, FieldFacts
from eqxview.tree.kinds import Hashing

_PATH = os.path.join(os.path.dirname(__file__), "known_classes.json")


class KnownClasses:
    """The facts by qualified name: the one where a class is defined, and its public ones."""

    def __init__(self) -> None:
        self._tables: tuple[dict[str, str], dict[tuple[str, str], set[str]]] | None = None
        self._versions: dict[str, str] = {}

    def _read(self) -> tuple[dict[str, str], dict[tuple[str, str], set[str]]]:
        """The lines by name, and those of a library's classes that share a name.

        Read when a class is first asked for: where there is source, none may ever be.
        """
        if self._tables is None:
            import json

            with open(_PATH, encoding="utf-8") as file:
                libraries = json.load(file)
            lines: dict[str, str] = {}
            by_library: dict[tuple[str, str], set[str]] = {}
            for library, known in libraries.items():
                self._versions[library] = known["version"]
                for module, classes in known["classes"].items():
                    for name, line in classes.items():
                        lines[f"{module}.{name}"] = line
                        by_library.setdefault((library, name), set()).add(line)
                for alias, name in known["aliases"].items():
                    lines[alias] = lines[name]
            self._tables = lines, by_library
        return self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._read()[0])

    def version(self, library: str) -> str | None:
        """The version whose classes are in the table; `None` for a library that is not."""
        self._read()
        return self._versions.get(library)

    def get(self, qualified: str) -> ClassFacts | None:
        """The facts of the class of this name, `None` if it is not in the table."""
        line = self._read()[0].get(qualified)
        return None if line is None else _facts(line)

    def moved(self, module: str, name: str) -> ClassFacts | None:
        """The facts of the one class of this name in the library that `module` belongs to.

        For a file that was written when the class stood in another module; `None` where the
        library has several classes of the name, or none.
        """
        lines = self._read()[1].get((module.partition(".")[0], name), ())
        return _facts(next(iter(lines))) if len(lines) == 1 else None


def _facts(line: str) -> ClassFacts:
    kind, *names = line.split(" ")
    fields = tuple(FieldFacts(name.lstrip("*"), name.startswith("*")) for name in names)
    hashing = Hashing.BY_VALUE if kind in ("namedtuple", "enum") else Hashing.UNKNOWN
    return ClassFacts(ClassKind(kind), fields, hashing)
