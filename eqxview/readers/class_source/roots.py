"""Base classes, decorators and functions whose meaning is known by their name.

A name is looked up here before its source is searched for, at every step of the way to its
definition: `flax.struct.dataclass` need not be installed to be understood.
"""

import sys
from enum import Enum


class Root(Enum):
    """What a well-known base class makes of the classes below it."""

    MODULE = "Module"
    NAMEDTUPLE = "NamedTuple"
    ENUM = "Enum"
    FLAX_NODE = "PyTreeNode"
    """Flax's base class: every subclass is a dataclass registered with JAX."""
    NEUTRAL = "neutral"
    """Says nothing: `object`, `Generic`, `ABC`."""
    CONTAINER = "container"
    """A built-in container: not hashable, and for JAX a subclass of one is a leaf."""
    HASHED = "hashed"
    """A built-in whose instances hash and compare by value."""


_ROOTS = {
    "typing.NamedTuple": Root.NAMEDTUPLE,
    "typing_extensions.NamedTuple": Root.NAMEDTUPLE,
    "enum.Enum": Root.ENUM,
    "enum.IntEnum": Root.ENUM,
    "enum.StrEnum": Root.ENUM,
    "enum.Flag": Root.ENUM,
    "enum.IntFlag": Root.ENUM,
    "flax.struct.PyTreeNode": Root.FLAX_NODE,
    "builtins.object": Root.NEUTRAL,
    "typing.Generic": Root.NEUTRAL,
    "typing_extensions.Generic": Root.NEUTRAL,
    "typing.Protocol": Root.NEUTRAL,
    "typing_extensions.Protocol": Root.NEUTRAL,
    "abc.ABC": Root.NEUTRAL,
    "builtins.dict": Root.CONTAINER,
    "builtins.list": Root.CONTAINER,
    "builtins.set": Root.CONTAINER,
    "builtins.bytearray": Root.CONTAINER,
    "collections.OrderedDict": Root.CONTAINER,
    "collections.defaultdict": Root.CONTAINER,
    "collections.Counter": Root.CONTAINER,
    "collections.deque": Root.CONTAINER,
    "collections.UserDict": Root.CONTAINER,
    "collections.UserList": Root.CONTAINER,
    "builtins.tuple": Root.HASHED,
    "builtins.frozenset": Root.HASHED,
    "builtins.str": Root.HASHED,
    "builtins.bytes": Root.HASHED,
    "builtins.int": Root.HASHED,
    "builtins.float": Root.HASHED,
    "builtins.complex": Root.HASHED,
}

# Beside the name: where the class is defined has moved between versions.
_MODULE_LIBRARIES = ("eqxcore", "equinox")


def root_named(qualified: str) -> Root | None:
    """What the base class `qualified` means, or `None` if it is none of the known ones."""
    if qualified.endswith(".Module") and qualified.partition(".")[0] in _MODULE_LIBRARIES:
        return Root.MODULE
    return _ROOTS.get(qualified)


class Decorator(Enum):
    """What a well-known class decorator does."""

    NEUTRAL = "neutral"
    DATACLASS = "dataclass"
    REGISTER_DATACLASS = "register_dataclass"
    REGISTER_STATIC = "register_static"
    REGISTER_NODE = "register_node"
    """Registers with flattening functions of the class's own."""
    FLAX_DATACLASS = "flax_dataclass"


_DECORATORS = {
    "dataclasses.dataclass": Decorator.DATACLASS,
    "flax.struct.dataclass": Decorator.FLAX_DATACLASS,
    "functools.total_ordering": Decorator.NEUTRAL,
    "typing.final": Decorator.NEUTRAL,
    "typing.runtime_checkable": Decorator.NEUTRAL,
    "typing_extensions.final": Decorator.NEUTRAL,
    "typing_extensions.runtime_checkable": Decorator.NEUTRAL,
    "enum.unique": Decorator.NEUTRAL,
    "enum.verify": Decorator.NEUTRAL,
    "jaxtyping.jaxtyped": Decorator.NEUTRAL,
}
# JAX's own, under whatever module of JAX they are reached by.
_JAX_DECORATORS = {
    "register_dataclass": Decorator.REGISTER_DATACLASS,
    "register_static": Decorator.REGISTER_STATIC,
    "register_pytree_node_class": Decorator.REGISTER_NODE,
    "register_pytree_with_keys_class": Decorator.REGISTER_NODE,
    "register_pytree_node": Decorator.REGISTER_NODE,
    "register_pytree_with_keys": Decorator.REGISTER_NODE,
    "set_module": Decorator.NEUTRAL,
}


def decorator_named(qualified: str) -> Decorator | None:
    """What the class decorator `qualified` does, or `None` if it is not known."""
    first, _, _ = qualified.partition(".")
    if first == "jax":
        return _JAX_DECORATORS.get(qualified.rpartition(".")[2])
    return _DECORATORS.get(qualified)


class FieldFunction(Enum):
    """A function that declares a field, by how it says that the field is static."""

    FIELD = "field"
    """`static=True`, or `metadata={"static": True}`."""
    STATIC = "static_field"
    """Always."""
    FLAX = "flax.struct.field"
    """`pytree_node=False`."""


_MODULE_FIELD_FUNCTIONS = {"field": FieldFunction.FIELD, "static_field": FieldFunction.STATIC}


def field_function_named(qualified: str) -> FieldFunction | None:
    """The field declaration that `qualified` makes, or `None` if it is not known."""
    if qualified.partition(".")[0] in _MODULE_LIBRARIES:
        return _MODULE_FIELD_FUNCTIONS.get(qualified.rpartition(".")[2])
    if qualified == "dataclasses.field":
        return FieldFunction.FIELD
    if qualified == "flax.struct.field":
        return FieldFunction.FLAX
    return None


_NO_FIELDS = frozenset({"ClassVar", "InitVar", "KW_ONLY", "AbstractVar", "AbstractClassVar"})


def is_no_field(annotation_name: str) -> bool:
    """Whether an annotation of this (last) name declares no field."""
    return annotation_name in _NO_FIELDS


def is_never_registered(module: str) -> bool:
    """Whether a class that we know nothing of is a leaf all the same: Python's own, NumPy's."""
    first = module.partition(".")[0]
    return first == "numpy" or (first in sys.stdlib_module_names and module != "__main__")
