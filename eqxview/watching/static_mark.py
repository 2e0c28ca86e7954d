"""What is kept of a static value: enough to tell it from another and to show both.

Never the value itself: a record must not keep a user's objects alive. Two values count as the
same when `token` and type are equal: for plain data the token is the data, for values that
compare by value their hash and their parts, for all others a number that stands for the object.
"""

import dataclasses
import enum
import functools
import math
import types
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import jax
import numpy as np

from eqxview.tree.live.value_repr import guarded_repr, key_text
from eqxview.tree.sanitise import MAX_TEXT
from eqxview.watching.function_mark import FunctionMark, base_of, function_mark, kind_of
from eqxview.watching.identity import are_equal, identity_of

Hashing = Literal["value", "identity", "nan", "broken"]

_MAX_DEPTH = 5
_MAX_PARTS = 64
# What a closure holds is looked at to find the number that moved, not to be shown.
# The learning rate of an optax optimiser is seven closures and tuples deep.
_MAX_CELL_DEPTH = 10
_MAX_CELL_PARTS = 16
_MAX_CELLS = 500


class _Budget:
    """How many more values in the closures of one static value are looked at."""

    def __init__(self) -> None:
        self.left = _MAX_CELLS

    def is_spent(self) -> bool:
        self.left -= 1
        return self.left < 0


_PLAIN = (type(None), bool, int, complex, str, bytes)


@dataclass(frozen=True, slots=True)
class TypeMark:
    """A class: its names, and which class of these names."""

    module: str
    name: str
    identity: int

    @property
    def short(self) -> str:
        """The name without the functions and classes it was made in."""
        return self.name.rpartition(".")[2]


def type_mark(cls: type) -> TypeMark:
    """What is to be remembered of a class."""
    return TypeMark(cls.__module__, cls.__qualname__, identity_of(cls))


@dataclass(frozen=True, slots=True)
class StaticMark:
    """A value that is part of the key of a compiled program."""

    type: TypeMark
    text: str
    """Its repr, bounded."""
    token: Hashable
    hashing: Hashing
    parts: tuple[tuple[str, "StaticMark"], ...] = ()
    """What it consists of, by the path to add: fields, items, keys; cells of a function."""
    function: FunctionMark | None = None
    hash: int | None = None
    """`hash(value)`, which moves when a value is changed in place; `None` if it has none."""
    identity: int = 0
    """For a value whose `__eq__` may know more than `token` does."""

    def is_same(self, other: "StaticMark") -> bool:
        """Whether the two stand for values that one compiled program serves."""
        if self.type.identity != other.type.identity or self.token != other.token:
            return False
        return self.identity == other.identity or (
            # Where one is gone, nothing more is known.
            are_equal(self.identity, other.identity) is not False
        )


def static_mark(
    value: Any, *, depth: int = 0, is_shown: bool = True, budget: _Budget | None = None
) -> StaticMark:
    """What is to be remembered of `value`.

    `is_shown=False` asks for no repr of anything but plain data: what a closure holds may be
    large, and its repr may wait for a device.
    """
    cls = type(value)
    if cls in _PLAIN:
        if cls in (str, bytes) and len(value) > MAX_TEXT:
            return StaticMark(type_mark(cls), guarded_repr(value), hash(value), "value")
        return _plain_mark(cls, value)
    mark = type_mark(cls)
    if cls is float:
        if math.isnan(value):
            return StaticMark(mark, "nan", ("nan", hash(value)), "nan")
        # Through the repr: 0.0 and -0.0 are equal.
        return StaticMark(mark, repr(value), value if value else repr(value), "value")
    if isinstance(value, enum.Enum):
        return StaticMark(mark, f"{cls.__name__}.{value.name}", value.name, "value")
    if isinstance(value, (jax.Array, np.ndarray)):
        # Its repr would fetch it.
        text = f"{cls.__name__} {value.dtype}{list(value.shape)}"
        return StaticMark(mark, text, identity_of(value), "identity")
    if callable(value) and not isinstance(value, type) and kind_of(value) != "instance":
        return callable_mark(value, depth=depth, budget=budget)
    return _object_mark(value, mark, depth, is_shown, budget or _Budget())


# JAX's settings are fifty values that are nearly always the same.
@functools.lru_cache(1024)
def _plain_mark(cls: type, value: Any) -> StaticMark:
    return StaticMark(type_mark(cls), guarded_repr(value), value, "value")


def callable_mark(value: Any, *, depth: int = 0, budget: _Budget | None = None) -> StaticMark:
    """What is to be remembered of a callable: its `function` is never `None`."""
    mark = type_mark(type(value))
    function = function_mark(value)
    kind = function.kind
    token: Hashable = function.identity
    if isinstance(value, types.MethodType):
        # As Python compares bound methods.
        token = identity_of(value.__self__), identity_of(value.__func__)
    budget = budget or _Budget()
    is_cut = depth >= _MAX_CELL_DEPTH or budget.is_spent()
    parts = () if is_cut else tuple(_cells(value, depth, budget))
    where = f" at {function.source}" if function.source else ""
    words = {"closure": "function", "transform": "function"}.get(kind, kind)
    return StaticMark(
        mark,
        f"<{words} {function.name}{where}>".replace("<lambda <lambda>", "<lambda"),
        token,
        "identity",
        parts,
        function,
    )


def _cells(function: Any, depth: int, budget: _Budget) -> Iterator[tuple[str, StaticMark]]:
    """The variables that a function closes over, and the arguments that a partial holds."""
    for index, value in enumerate(getattr(function, "args", ()) if _is_partial(function) else ()):
        yield f".args[{index}]", static_mark(value, depth=depth + 1, is_shown=False, budget=budget)
    for name, value in (function.keywords if _is_partial(function) else {}).items():
        yield (
            f".keywords[{name!r}]",
            static_mark(value, depth=depth + 1, is_shown=False, budget=budget),
        )
    base = base_of(function)
    if not isinstance(base, types.FunctionType):
        return
    for name, cell in zip(base.__code__.co_freevars, base.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:
            continue  # a variable that has no value yet, as of a function that calls itself
        if value is not function and value is not base:
            yield f".{name}", static_mark(value, depth=depth + 1, is_shown=False, budget=budget)


def _is_partial(function: Any) -> bool:
    return kind_of(function) == "partial"


def _object_mark(
    value: Any, mark: TypeMark, depth: int, is_shown: bool, budget: _Budget
) -> StaticMark:
    parts = tuple(
        (entry, static_mark(part, depth=depth + 1, is_shown=is_shown, budget=budget))
        for entry, part in _parts(value, depth, is_shown, budget)
    )
    text = guarded_repr(value) if is_shown else f"<{mark.short}>"
    if isinstance(value, type):
        return StaticMark(mark, text, identity_of(value), "identity", hash=hash(value))
    try:
        number = hash(value)
    except Exception:  # noqa: BLE001  anybody's __hash__; what does not hash has no number
        number = None
    if type(value).__eq__ is object.__eq__:
        return StaticMark(mark, text, identity_of(value), "identity", parts, hash=number)
    if not _equals_itself(value):
        return StaticMark(mark, text, identity_of(value), "broken", parts, hash=number)
    tokens = tuple((entry, part.token) for entry, part in parts)
    if not parts and number is None:
        return StaticMark(mark, text, text, "value", parts)
    # The hash alone is not enough: hash(-1) == hash(-2).
    if tokens:
        known: Hashable = tokens
    else:
        known = number, _without_address(text)
    identity = identity_of(value)
    return StaticMark(mark, text, known, "value", parts, hash=number, identity=identity)


def _parts(value: Any, depth: int, is_shown: bool, budget: _Budget) -> list[tuple[str, Any]]:
    """The parts of values whose parts have names that a user knows."""
    most, deepest = (_MAX_PARTS, _MAX_DEPTH) if is_shown else (_MAX_CELL_PARTS, _MAX_CELL_DEPTH)
    cls = type(value)
    if depth >= deepest or (not is_shown and budget.is_spent()):
        return []
    if dataclasses.is_dataclass(cls):
        found = [
            (f".{field.name}", vars(value)[field.name])
            if field.name in getattr(value, "__dict__", ())
            else (f".{field.name}", getattr(value, field.name, None))
            for field in dataclasses.fields(cls)
        ]
    elif issubclass(cls, tuple) and hasattr(cls, "_fields"):
        found = [(f".{name}", part) for name, part in zip(value._fields, value, strict=False)]
    elif cls in (tuple, list):
        found = [(f"[{index}]", part) for index, part in enumerate(value[: most + 1])]
    elif cls is dict:
        found = [(f"[{key_text(key)}]", part) for key, part in value.items()]
    else:
        return []
    # Half of the parts would tell half of the truth.
    return found if len(found) <= most else []


def _equals_itself(value: Any) -> bool:
    try:
        return bool(value == value)
    except Exception:  # noqa: BLE001  anybody's __eq__; one that raises finds no program either
        return False


def _without_address(text: str) -> str:
    return "" if " at 0x" in text else text
