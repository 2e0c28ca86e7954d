"""How what is static takes part in the key of a compiled program."""

from enum import Enum
from typing import NamedTuple

from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Hashing, Kind


class HashMeaning(NamedTuple):
    """A hash class in words."""

    word: str
    meaning: str


class HashClass(Enum):
    """How a static value is compared with that of an earlier call."""

    BY_VALUE = HashMeaning("by value", "equal values share a compiled program")
    BY_IDENTITY = HashMeaning(
        "by identity", "only the same object shares one: fine for what is defined once"
    )
    BY_CODE = HashMeaning(
        "by code", "by identity too, but made anew each time its code runs: then it compiles again"
    )
    UNHASHABLE = HashMeaning("unhashable", "a filtered jit refuses it as a static value")
    UNKNOWN = HashMeaning("not told", "decided by what it holds, or not told by the file")


def hash_class(tree: Tree, row: int) -> HashClass | None:
    """The hash class of a static node; `None` for what is not static."""
    hashing = tree.hashing[row]
    if hashing == Hashing.BY_IDENTITY and _is_made_by_code(tree, row):
        return HashClass.BY_CODE
    return _CLASSES.get(hashing)


def _is_made_by_code(tree: Tree, row: int) -> bool:
    """Whether no module holds the object under a name: a lambda, a closure, a partial."""
    kind, path = tree.kind[row], tree.type_path(row)
    if kind == Kind.PARTIAL or "<lambda>" in path or "<locals>" in path:
        return True
    # A function that a file has by value brings its code along, shown inside.
    return kind == Kind.FUNCTION and tree.end[row] > row + 1


_CLASSES = {
    Hashing.BY_VALUE: HashClass.BY_VALUE,
    Hashing.BY_IDENTITY: HashClass.BY_IDENTITY,
    Hashing.UNHASHABLE: HashClass.UNHASHABLE,
    Hashing.UNKNOWN: HashClass.UNKNOWN,
}
