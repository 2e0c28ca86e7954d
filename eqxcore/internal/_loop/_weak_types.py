"""Weakly typed arrays, which came from Python numbers and give way to the types of others."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array


def is_weak(array: Any) -> bool:
    """Whether an array, or its aval, is weakly typed."""
    return bool(getattr(array, "weak_type", False))


def promoted_dtype(before: Array, after: Array) -> Any:
    """The dtype that `before` may take on to become like `after`: its own, unless it is weak."""
    if not is_weak(before):
        return before.dtype
    with jax.numpy_dtype_promotion("standard"):
        return jnp.result_type(before, after)


def strong(array: Array) -> Array:
    """The array, and not weakly typed."""
    return lax.convert_element_type(array, array.dtype) if is_weak(array) else array


def promote(array: Array, like: Any) -> Array:
    """A weakly typed array in the dtype of `like`, and weakly typed if that is."""
    if not is_weak(like):
        return lax.convert_element_type(array, like.dtype)
    if array.dtype == like.dtype:
        return array
    # The one way to a weak type of another kind, as from that of `0` to that of `0.0`.
    return array + {"f": 0.0, "c": 0j}[jnp.dtype(like.dtype).kind]
