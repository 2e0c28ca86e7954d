"""How the arrays of a fresh layer are made: uniform random numbers, reproducible to the bit."""

from collections.abc import Sequence
from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore.nn._traced_once import traced_once


def default_dtype(dtype: DTypeLike | None) -> np.dtype:
    """`dtype`, or for `None` JAX's default floating-point dtype: float64 under x64."""
    return jax.dtypes.canonicalize_dtype(np.float64) if dtype is None else jnp.dtype(dtype)


def fan_in_limit(fan_in: int) -> float:
    """The bound of the initial weights: one over the root of `fan_in`, 1 if that is 0.

    Raises `ValueError` when it is negative.
    """
    refuse_negative((fan_in,))
    return 1.0 if fan_in == 0 else 1 / sqrt(fan_in)


def refuse_negative(sizes: Sequence[int]) -> None:
    """Raises `ValueError` when one of the sizes of an array of parameters is negative."""
    if any(size < 0 for size in sizes):
        raise ValueError(
            f"A layer was asked for parameters of shape {tuple(sizes)}. Expected sizes of 0 or "
            "more: see the numbers that it is made with."
        )


def weight_and_bias(
    key: PRNGKeyArray,
    weight_shape: Sequence[int],
    bias_shape: Sequence[int] | None,
    *,
    fan_in: int,
    dtype: DTypeLike | None,
) -> tuple[Inexact[Array, "*weight"], Inexact[Array, "*bias"] | None]:
    """A weight and a bias, uniform on plus or minus `1 / sqrt(fan_in)`; no bias for `None`.

    The key is split in two whether or not there is a bias, so that the weight is the same
    either way.
    """
    shapes = (tuple(weight_shape), None if bias_shape is None else tuple(bias_shape))
    weight, bias = uniform_arrays(key, fan_in_limit(fan_in), shapes=shapes, dtype=dtype)
    assert weight is not None
    return weight, bias


def uniform_arrays(
    key: PRNGKeyArray,
    limit: float,
    *,
    shapes: tuple[tuple[int, ...] | None, ...],
    dtype: DTypeLike | None,
) -> list[Inexact[Array, "..."] | None]:
    """Arrays of these `shapes`, uniform on `[-limit, limit)`, one subkey each.

    `None` among the shapes uses up its subkey and gives `None`.
    Raises `ValueError` when `dtype` is not a floating-point or complex one, or a size negative.
    """
    for shape in shapes:
        refuse_negative(shape or ())
    dtype = default_dtype(dtype)
    if not jnp.issubdtype(dtype, jnp.inexact):
        raise ValueError(
            f"A layer was asked for parameters of `dtype` {dtype}; expected a floating-point or "
            "complex one, for they are trained by gradients. Make it with `dtype=jnp.float32` "
            "and convert its arrays afterwards."
        )
    return [
        None if shape is None else _uniform(subkey, shape, limit, dtype)
        for subkey, shape in zip(split_keys(key, num=len(shapes)), shapes, strict=True)
    ]


def _uniform(
    key: PRNGKeyArray, shape: tuple[int, ...], limit: float, dtype: np.dtype
) -> Inexact[Array, "..."]:
    if jnp.issubdtype(dtype, jnp.complexfloating):
        real_key, imaginary_key = split_keys(key, num=2)
        part = jnp.finfo(dtype).dtype
        return jax.lax.complex(
            jax.random.uniform(real_key, shape, part, -limit, limit),
            jax.random.uniform(imaginary_key, shape, part, -limit, limit),
        )
    # Not jitted together with its neighbours: this is the program of a plain call, to the bit.
    return jax.random.uniform(key, shape, dtype, -limit, limit)


@traced_once(static=("num",))
def split_keys(key: PRNGKeyArray, *, num: int) -> tuple[PRNGKeyArray, ...]:
    """`jax.random.split`, as a tuple: indexing an array of keys costs as much as making numbers."""
    return tuple(jax.random.split(key, num))
