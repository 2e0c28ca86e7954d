"""Live objects that JAX takes for leaves and that are no arrays."""

import dataclasses
import enum
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

from eqxview.tree.columns import NOTHING
from eqxview.tree.key_path import attribute_entry
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.live.handler import ClassNames
from eqxview.tree.live.value_repr import guarded_repr, key_text
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import named_text, preview_text, primitive_text
from eqxview.tree.walk import Child, Sight

_PRIMITIVE_KINDS: dict[type, Kind] = {
    bool: Kind.BOOL,
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    complex: Kind.NUMBER,
    str: Kind.TEXT,
    bytes: Kind.BYTES,
    bytearray: Kind.BYTES,
}


class PrimitiveHandler:
    """Numbers, strings, bytes."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names

    def recognises(self, cls: type) -> bool:
        """Python's own types, not their subclasses."""
        return cls in _PRIMITIVE_KINDS

    def look(self, value: object) -> Sight:
        """A leaf with its value."""
        cls = type(value)
        return Sight(
            _PRIMITIVE_KINDS[cls],
            self._names[cls],
            is_leaf=True,
            text=primitive_text(value),
            preview=primitive_text(value),
            hashing=Hashing.UNHASHABLE if cls is bytearray else Hashing.BY_VALUE,
        )


class EnumHandler:
    """Members of enumerations."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names

    def recognises(self, cls: type) -> bool:
        """Subclasses of `enum.Enum`."""
        return issubclass(cls, enum.Enum)

    def look(self, value: Any) -> Sight:
        """A leaf by the member's name."""
        text = f"{type(value).__name__}.{value.name}"
        return Sight(
            Kind.ENUM,
            self._names[type(value)],
            is_leaf=True,
            text=sanitise(text),
            hashing=Hashing.BY_VALUE,
        )


class SetHandler:
    """Sets, which JAX does not flatten."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names

    def recognises(self, cls: type) -> bool:
        """`set` and `frozenset`."""
        return cls in (set, frozenset)

    def look(self, value: Any) -> Sight:
        """A leaf; a small set with its items."""
        texts = [primitive_text(item) for item in value] if len(value) <= 8 else [None]
        text = preview_text("{", sorted(texts, key=str), "}") if texts else None
        return Sight(
            Kind.SET,
            self._names[type(value)],
            is_leaf=True,
            text=text or f"<{type(value).__name__} of {len(value):,}>",
            hashing=Hashing.UNHASHABLE if type(value) is set else Hashing.BY_VALUE,
        )


class CallableHandler:
    """Functions, classes, methods, `functools.partial`s: leaves known by their names.

    `remember` gives a handle for one, by which its content is found when it is asked for.
    """

    def __init__(self, names: ClassNames, remember: Callable[[object], int]) -> None:
        self._names = names
        self._remember = remember

    def recognises(self, cls: type) -> bool:
        """What is called, and no instance of a user's class."""
        if issubclass(cls, (*_CALLABLES, type)):
            return True
        if cls.__module__ == "numpy":
            return cls.__name__ in _NUMPY_FUNCTIONS
        return cls.__module__.partition(".")[0] in ("jax", "jaxlib")

    def look(self, value: Any) -> Sight:
        """A leaf: a class, a function, a method, or a partial with its function's name."""
        whole = value
        if isinstance(value, type):
            kind, what = Kind.CLASS, "class"
        elif isinstance(value, types.MethodType):
            kind, what = Kind.METHOD, "method"
        elif isinstance(value, functools.partial):
            kind, what = Kind.PARTIAL, "partial"
            value = _innermost(value)
        elif callable(value):
            kind, what = Kind.FUNCTION, "function"
        else:
            return _opaque_sight(value, self._names[type(value)], children=())
        name = getattr(value, "__name__", None) or type(value).__name__
        path = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', name)}"
        return Sight(
            kind,
            (what, sanitise(path)),
            is_leaf=True,
            text=named_text(what, str(name)),
            hashing=Hashing.BY_IDENTITY,
            handle=NOTHING if kind == Kind.CLASS else self._remember(whole),
        )


_CALLABLES = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    functools.partial,
    functools._lru_cache_wrapper,
)


_NUMPY_FUNCTIONS = ("_ArrayFunctionDispatcher", "ufunc")
"""Classes of NumPy's functions: they print themselves with an address, or not as functions."""


def _innermost(value: functools.partial) -> Any:
    function = value.func
    while isinstance(function, functools.partial):
        function = function.func
    return function


MAX_INSIDE = 10_000
"""Attributes of opaque objects that one walk follows: an object may hold half the process."""


class OpaqueHandler:
    """Everything else: one leaf for JAX, with what it holds shown inside it."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names
        self._followed = 0

    def recognises(self, cls: type) -> bool:
        """Any class."""
        return True

    def look(self, value: Any) -> Sight:
        """A leaf, with its items or attributes inside."""
        children: list[Child] = []
        if self._followed < MAX_INSIDE:
            children = _inside(value)
            self._followed += len(children)
        return _opaque_sight(value, self._names[type(value)], children=children)


def _opaque_sight(
    value: object, type_name: tuple[str, str], *, children: "list[Child] | tuple[()]"
) -> Sight:
    cls = type(value)
    is_dataclass = dataclasses.is_dataclass(cls)
    return Sight(
        Kind.DATACLASS if is_dataclass else Kind.OPAQUE,
        type_name,
        is_leaf=True,
        children=children,
        text=None if children else _opaque_text(value),
        hashing=_hashing(cls),
        flags=Flag.UNREGISTERED if children else 0,
    )


def _opaque_text(value: object) -> str:
    if type(value).__repr__ is object.__repr__:
        # Without the address: it differs from run to run and tells nothing.
        return named_text("object", type(value).__name__)
    return guarded_repr(value)


def _hashing(cls: type) -> Hashing:
    if cls.__hash__ is None:
        return Hashing.UNHASHABLE
    return Hashing.BY_IDENTITY if cls.__hash__ is object.__hash__ else Hashing.BY_VALUE


def _inside(value: Any) -> list[Child]:
    """The items of a subclass of a container, or the attributes of a plain object."""
    cls = type(value)
    children: list[Child] = []
    if isinstance(value, dict) and len(value) <= MAX_INSIDE:
        children += [Child(f"[{key_text(key)}]", item) for key, item in dict.items(value)]
    elif isinstance(value, (list, tuple)) and len(value) <= MAX_INSIDE:
        children += [Child(index, item) for index, item in enumerate(value)]
    elif cls.__reduce_ex__ is not object.__reduce_ex__ or cls.__reduce__ is not object.__reduce__:
        # It describes itself otherwise than by its attributes, which are then its own affair.
        return []
    attributes = getattr(value, "__dict__", None)
    held = dict(attributes) if type(attributes) is dict else {}
    held.update(_in_slots(value))
    children += [
        Child(attribute_entry(sanitise(name)), item)
        for name, item in held.items()
        if type(name) is str
    ]
    return children


def _in_slots(value: object) -> Iterator[tuple[str, object]]:
    """The attributes that are kept in slots, by their names in the class."""
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name.startswith("__") and not name.endswith("__"):
                name = f"_{cls.__name__.lstrip('_')}{name}"
            descriptor = cls.__dict__.get(name)
            # Only what Python itself made for the slot: anything else is somebody's code.
            if type(descriptor) is types.MemberDescriptorType and name not in _NO_ATTRIBUTES:
                try:
                    yield name, descriptor.__get__(value)
                except AttributeError:
                    continue  # A slot that was never filled.


_NO_ATTRIBUTES = ("__dict__", "__weakref__")
