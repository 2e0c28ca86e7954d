"""Reduce the windows of an image: the heart of pooling."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jaxtyping import Shaped

from eqxcore.nn._padding import Pads
from eqxcore.nn._traced_once import traced_once

# Beyond this many slices `reduce_window` is as fast, and its program smaller.
_MOST_SLICES = 16

Operation = Callable[[Any, Any], Any]


def reduce_windows(
    x: Shaped[Array, "channels *spatial"],
    init: Any,
    operation: Operation,
    *,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Pads,
) -> Shaped[Array, "channels *spatial"]:
    """Each window of `x`, padded by `init`, reduced by `operation`."""
    neutral = _in_dtype(init, x.dtype)
    # By identity, for an operation may be a Module, which need not be hashable.
    known = any(operation is one for one in _COMBINE)
    if known and sum(kernel_size) <= _MOST_SLICES and _is_identity(neutral, operation, x.dtype):
        return _by_slices(
            x,
            operation=operation,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
        )
    return jax.lax.reduce_window(
        x, neutral, operation, (1, *kernel_size), (1, *stride), ((0, 0), *padding)
    )


@traced_once(static=("operation", "kernel_size", "stride", "padding"))
def _by_slices(
    x: Shaped[Array, "channels *spatial"],
    *,
    operation: Operation,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Pads,
) -> Shaped[Array, "channels *spatial"]:
    """Sums and maxima, one dimension after the other, each as a sum or maximum of slices.

    On a CPU 1.5 to 5 times as fast as `reduce_window`, whose gradient is slower still.
    """
    combine = _COMBINE[operation]
    if any(any(pad) for pad in padding):
        neutral = _in_dtype(_IDENTITY[operation], x.dtype)
        x = jax.lax.pad(x, neutral, [(0, 0, 0), *[(before, after, 0) for before, after in padding]])
    # The last dimension first, so that among equal maxima the first in reading order is the one
    # that has the gradient, as it is for `reduce_window`.
    for axis in range(len(kernel_size), 0, -1):
        size, step = kernel_size[axis - 1], stride[axis - 1]
        count = (x.shape[axis] - size) // step + 1
        out = None
        for offset in range(size):
            stop = offset + (count - 1) * step + 1
            part = jax.lax.slice_in_dim(x, offset, stop, step, axis)
            out = part if out is None else combine(out, part)
        assert out is not None
        x = out
    return x


def _later_maximum(best: Array, later: Array) -> Array:
    # Not `jnp.maximum`, whose gradient is shared between equals.
    return jnp.where(_or_nan(later > best, later), later, best)


def _later_minimum(best: Array, later: Array) -> Array:
    return jnp.where(_or_nan(later < best, later), later, best)


def _or_nan(better: Array, later: Array) -> Array:
    return better | (later != later) if jnp.issubdtype(later.dtype, jnp.inexact) else better


_COMBINE: dict[Operation, Operation] = {
    jax.lax.add: jax.lax.add,
    jax.lax.mul: jax.lax.mul,
    jax.lax.max: _later_maximum,
    jax.lax.min: _later_minimum,
}


_IDENTITY: dict[Operation, float] = {
    jax.lax.add: 0.0,
    jax.lax.mul: 1.0,
    jax.lax.max: -float("inf"),
    jax.lax.min: float("inf"),
}


def _is_identity(neutral: Any, operation: Operation, dtype: np.dtype) -> bool:
    if isinstance(neutral, Tracer):
        return False
    return bool(neutral == _in_dtype(_IDENTITY[operation], dtype))


def _in_dtype(init: Any, dtype: np.dtype) -> Any:
    """`init` in the dtype of the image: an infinity is the end of the range of integers.

    A NumPy scalar where it can be, for JAX recognises sums and maxima by their concrete `init`;
    any other reduction it cannot differentiate.
    """
    if isinstance(init, Tracer):
        return init.astype(dtype)
    if not jnp.issubdtype(dtype, jnp.inexact) and np.isinf(init):
        if jnp.issubdtype(dtype, jnp.bool_):
            return np.bool_(init > 0)
        limits = jnp.iinfo(dtype)
        return np.asarray(limits.max if init > 0 else limits.min, dtype)[()]
    return np.asarray(init, dtype)[()]
