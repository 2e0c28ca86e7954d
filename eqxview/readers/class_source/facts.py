"""What can be known of a class without importing it."""

from enum import Enum
from typing import NamedTuple

from eqxview.tree.kinds import Hashing


class ClassKind(Enum):
    """What instances of a class are for JAX."""

    MODULE = "module"
    """A Module of eqxcore or Equinox: its fields are children, or static."""
    NAMEDTUPLE = "namedtuple"
    REGISTERED = "registered"
    """A dataclass registered with JAX: its fields are children, or static."""
    STATIC = "static"
    """Registered as static: a node without children."""
    PYTREE = "pytree"
    """Registered with functions of its own: what its children are, only these know."""
    ENUM = "enum"
    DATACLASS = "dataclass"
    """A dataclass that is not registered: one leaf."""
    PLAIN = "plain"
    """Any other class that is not registered: one leaf."""
    UNSURE = "unsure"
    """The class is known, and whether it is registered is not."""


class FieldFacts(NamedTuple):
    """One field of a class."""

    name: str
    is_static: bool | None
    """Whether it is part of the treedef; `None` where the declaration does not tell."""


class ClassFacts(NamedTuple):
    """What is known of one class."""

    kind: ClassKind
    fields: tuple[FieldFacts, ...] = ()
    """In the order in which JAX flattens them; of an unregistered class, as declared."""
    hashing: Hashing = Hashing.UNKNOWN
    """How an instance takes part in a cache key where it is a static value."""
    members: tuple[tuple[str, object], ...] = ()
    """Names and values of an enumeration, as far as they are literals."""
