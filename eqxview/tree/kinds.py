"""What a node of a tree can be (`Kind`), what part it plays for JAX (`Role`), and flags.

Each enumeration has one visible table beside it, so that a glyph, a letter or a word for
it stands in one place.
"""

from enum import IntEnum, IntFlag, auto
from typing import NamedTuple


class Kind(IntEnum):
    """What a node is, whatever JAX makes of it."""

    ARRAY = 0
    NONE = auto()
    DICT = auto()
    LIST = auto()
    TUPLE = auto()
    NAMEDTUPLE = auto()
    MODULE = auto()
    DATACLASS = auto()
    PYTREE = auto()
    SET = auto()
    BOOL = auto()
    NUMBER = auto()
    TEXT = auto()
    BYTES = auto()
    ENUM = auto()
    FUNCTION = auto()
    METHOD = auto()
    CLASS = auto()
    PARTIAL = auto()
    OPAQUE = auto()
    CUT = auto()

    @property
    def word(self) -> str:
        """The kind as a user reads it, e.g. `namedtuple`."""
        return _KIND_WORDS.get(self, self.name.lower())


_KIND_WORDS = {Kind.PYTREE: "registered pytree", Kind.OPAQUE: "object", Kind.CUT: "not followed"}


class Role(IntEnum):
    """What part a node plays in the pytree that JAX sees."""

    NODE = 0
    """A container: JAX looks at its children."""
    DYNAMIC = auto()
    """A leaf that is an array: traced by a filtered transformation."""
    STATIC_LEAF = auto()
    """A leaf that is no array: static under a filtered transformation, an error in `jax.jit`."""
    STATIC_FIELD = auto()
    """A field marked `static=True`: part of the treedef, not a leaf."""
    NONE = auto()
    """`None`: no leaf, a hole that a filter left, or an absent parameter."""
    INSIDE = auto()
    """Content of a leaf or of a static field: JAX never looks here."""
    UNKNOWN = auto()
    """Cannot be told from the file alone: the class is not known."""


class RoleMark(NamedTuple):
    """How a role is shown, by glyph, by letter and by word (never by colour alone)."""

    glyph: str
    letter: str
    word: str
    why: str


ROLE_MARKS: dict[Role, RoleMark] = {
    Role.NODE: RoleMark("", "", "node", "a container: JAX looks at its children"),
    Role.DYNAMIC: RoleMark("●", "D", "dynamic", "an array: traced by filtered transformations"),
    Role.STATIC_LEAF: RoleMark("◆", "S", "static leaf", "a leaf that is not an array"),
    Role.STATIC_FIELD: RoleMark("○", "S", "static field", "field(static=True): in the treedef"),
    Role.NONE: RoleMark("·", "", "none", "None is no leaf: a hole, or a parameter left out"),
    Role.INSIDE: RoleMark("‧", "", "inside", "inside a leaf or static field: JAX does not look"),
    Role.UNKNOWN: RoleMark("?", "?", "unknown", "the class is not known: it may be either"),
}


class Flag(IntFlag):
    """Facts of one bit about a node."""

    WEAK = 1
    """A weakly typed array: its dtype gives way to the other operand's."""
    COMMITTED = 2
    """Committed to its device: JAX will not move it."""
    FORTRAN = 4
    """Stored in column-major order."""
    NUMPY = 8
    """A NumPy array or scalar, on the host."""
    DELETED = 16
    """Its buffer is gone (donated, or deleted)."""
    TRACER = 32
    """A tracer: it has no value."""
    PROBLEM = 64
    """Something about this node is wrong: the tree's notes say what."""
    UNREGISTERED = 128
    """A container for Python, yet a leaf for JAX: its class is no registered pytree."""


class Cut(IntEnum):
    """Why a tree does not show all that there is."""

    NODES = 0
    TIME = 1
    DEPTH = 2


class Hashing(IntEnum):
    """How a static value takes part in a jit cache key."""

    NOT_STATIC = 0
    BY_VALUE = auto()
    """Equal values share a trace."""
    BY_IDENTITY = auto()
    """Only the same object shares a trace: made anew, it recompiles."""
    UNHASHABLE = auto()
    """Cannot be a static value: a filtered jit refuses it."""
    UNKNOWN = auto()
    """The file does not say."""

    @property
    def word(self) -> str:
        """The hash class as a user reads it; empty for what is not static."""
        return _HASHING_WORDS[self]


_HASHING_WORDS = {
    Hashing.NOT_STATIC: "",
    Hashing.BY_VALUE: "by value",
    Hashing.BY_IDENTITY: "by identity",
    Hashing.UNHASHABLE: "unhashable",
    Hashing.UNKNOWN: "",
}
