"""What is kept of an array: its type and its place. Never the array, never its values."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.core
import numpy as np

ArrayKind = Literal["array", "tracer", "Ref"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the array of a call is, as far as the program depends on it."""

    committed: bool
    devices: tuple[str, ...]
    sharding: Any
    """The `jax.sharding.Sharding`: it holds devices, no memory of them."""
    memory: str | None
    layout: str


@dataclass(frozen=True, slots=True)
class ArrayMark:
    """An array, or a number that becomes one."""

    kind: ArrayKind
    dtype: str
    shape: tuple[int, ...]
    weak_type: bool = False
    placed: Placed | None = None
    """`None` for values that come from the host."""
    given: str = ""
    """The type before `jax_enable_x64` was applied to it, for values that come from the host."""
    trace: str = ""
    """For a tracer, the transformation that it belongs to."""
    batch: tuple[int, ...] = ()
    """For a tracer of `vmap`, the shape with the mapped axis."""

    def __str__(self) -> str:
        if self.kind == "array" and not self.shape and self.given in ("bool", "int", "float"):
            return f"Python {self.given}"
        return f"{self.dtype}{list(self.shape)}".replace(" ", "")


_NUMBERS = (bool, int, float, complex)


def is_array_like(value: Any) -> bool:
    """Whether `jax.jit` takes `value` for an array: arrays, tracers, references, numbers."""
    return isinstance(value, (jax.Array, np.ndarray, np.generic, *_NUMBERS)) or _is_reference(value)


def _is_reference(value: Any) -> bool:
    return type(value).__name__ in ("Ref", "ArrayRef", "MutableArray") and hasattr(value, "dtype")


def array_mark(value: Any) -> ArrayMark:
    """What is to be remembered of `value`, for which `is_array_like` is true."""
    if _is_reference(value):
        return ArrayMark("Ref", str(value.dtype), tuple(value.shape))
    if isinstance(value, jax.core.Tracer):
        return _tracer_mark(value)
    if isinstance(value, _NUMBERS) and not isinstance(value, np.generic):
        given = next(cls.__name__ for cls in _NUMBERS if isinstance(value, cls))
        dtype = jax.dtypes.canonicalize_dtype(_dtype_of_number(given))
        return ArrayMark("array", str(dtype), (), given != "bool", given=given)
    if not isinstance(value, jax.Array):
        if value.dtype == jax.dtypes.float0:
            return ArrayMark("array", "float0", tuple(value.shape), given="float0")
        dtype = jax.dtypes.canonicalize_dtype(value.dtype)
        return ArrayMark("array", str(dtype), tuple(value.shape), given=str(value.dtype))
    return _mark_of_array(value)


# A model has many arrays of few types, and they are looked at again at each miss: the same mark
# for all that are alike makes looking, and comparing, three times as fast.
_MOST_MARKS = 4096
_marks: dict[Hashable, ArrayMark] = {}


def _mark_of_array(value: Any) -> ArrayMark:
    placed = None if value.is_deleted() else value.sharding
    layout = _layout(value) if placed is not None and value.committed else None
    key = value.aval, placed, layout, value.committed
    mark = _marks.get(key)
    if mark is None:
        if len(_marks) >= _MOST_MARKS:
            _marks.clear()
        mark = _marks[key] = ArrayMark(
            "array",
            str(value.dtype),
            tuple(value.shape),
            bool(getattr(value, "weak_type", False)),
            None if placed is None else _placed(value, layout),
        )
    return mark


def _dtype_of_number(given: str) -> Any:
    return {"bool": np.bool_, "int": np.int64, "float": np.float64, "complex": np.complex128}[given]


def _tracer_mark(value: Any) -> ArrayMark:
    aval = value.aval
    # What a tracer of vmap holds is private to JAX; without it, the batch size is not told.
    inner = getattr(value, "val", None) if type(value).__name__ == "BatchTracer" else None
    return ArrayMark(
        "tracer",
        str(aval.dtype),
        tuple(aval.shape),
        bool(getattr(aval, "weak_type", False)),
        trace=type(value).__name__,
        batch=tuple(getattr(inner, "shape", ())),
    )


def _layout(value: Any) -> Any:
    try:
        found = value.format
        # The second is its name in JAX 0.6.
        return found.layout if hasattr(found, "layout") else found.device_local_layout
    except (AttributeError, NotImplementedError, RuntimeError, ValueError):
        return None  # typed PRNG keys, backends without layouts


def _placed(value: Any, layout: Any) -> Placed:
    sharding = value.sharding
    devices = sorted(sharding.device_set, key=lambda device: device.id)
    return Placed(
        bool(value.committed),
        tuple(f"{device.platform}:{device.id}" for device in devices),
        sharding,
        getattr(sharding, "memory_kind", None),
        "" if layout is None else str(layout),
    )
