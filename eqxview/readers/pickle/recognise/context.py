"""What recognisers share while one file's trees are built."""

from collections.abc import Callable, Iterator, Sequence

from eqxview.readers.class_source import Classes, ClassFacts
from eqxview.readers.class_source.source_files import MAIN_MODULES
from eqxview.readers.described.descriptions import Call
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Kind, Role
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Sight

MAX_INSIDE = 10_000
"""Attributes of opaque objects that one file's trees show: as for live objects."""

MAX_NAMED = 3
"""Classes that one hint names."""


class Context:
    """The classes, what could not be learnt of them, and how much was shown of opaque objects."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self.inside_left = MAX_INSIDE
        self.by_value: dict[int, tuple[Call, ClassFacts | None]] = {}
        """Facts of classes that the file itself describes, by the identity of the description,
        which is kept so that no other one takes it."""
        self._type_names: dict[tuple[str, str], tuple[str, str]] = {}
        self._unknown: dict[tuple[str, str], None] = {}

    def type_name(self, module: str, name: str) -> tuple[str, str]:
        """The short name of a class and the one with its module, sanitised."""
        key = (module, name)
        found = self._type_names.get(key)
        if found is None:
            short = sanitise(name.rpartition(".")[2])
            found = self._type_names[key] = (short, sanitise(f"{module}.{name}"))
        return found

    def not_known(self, module: str, name: str) -> None:
        """Remember that the roles below this class could not be told."""
        self._unknown[module, name] = None

    def hints(self, trees: Sequence[Tree]) -> Iterator[str]:
        """How the user can make known what `trees` show as `?`."""
        shown = {name for tree in trees for name in _unknown_types(tree)}
        unknown = [key for key in self._unknown if self.type_name(*key)[1] in shown]
        scripts = [name for module, name in unknown if module in MAIN_MODULES]
        others = [f"{module}.{name}" for module, name in unknown if module not in MAIN_MODULES]
        if scripts:
            yield (
                f"{_some(scripts)} {_was(scripts)} defined in a script, which a pickle does not "
                "name: give it with --source FILE.py to see which leaves are static"
            )
        if others:
            yield (
                f"the source of {_some(others)} was not found on the import path, or does not "
                "tell which leaves are static: give its directory with --source DIR"
            )


def _unknown_types(tree: Tree) -> Iterator[str]:
    """Full names of the classes that leave a role in `tree` open."""
    role, kind, parent = tree.role, tree.kind, tree.parent
    # A search through bytes: a tree of a million nodes mostly has no such row.
    roles = role.tobytes()
    row = roles.find(Role.UNKNOWN)
    while row >= 0:
        above = parent[row]
        # A field of a known Module, or an object whose class is not known; below such an
        # object everything is unknown because of it.
        if above >= 0 and kind[above] in _WITH_FIELDS and role[above] == Role.NODE:
            yield tree.type_path(above)
        elif kind[row] in (Kind.OPAQUE, Kind.DATACLASS):
            yield tree.type_path(row)
        row = roles.find(Role.UNKNOWN, row + 1)


_WITH_FIELDS = (Kind.MODULE, Kind.DATACLASS)


def _some(names: list[str]) -> str:
    shown = ", ".join(sanitise(name) for name in names[:MAX_NAMED])
    more = len(names) - MAX_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _was(names: list[str]) -> str:
    return "was" if len(names) == 1 else "were"


Recogniser = Callable[[Call, Context], Sight | None]
"""Says what a call in a file stands for; `None`: not one of mine, or not of the usual shape."""
