"""Whether one compiled program serves both of two leaves, or two structures."""

from typing import Any

import jax
import jax.numpy as jnp

from eqxcore._predicates import is_array
from eqxcore._static_key import static_key


def is_same_structure(one: Any, other: Any) -> bool:
    """Whether two structures, as `split` makes them, are equal, where they can be compared."""
    try:
        return bool(one == other)
    except (TypeError, ValueError):
        # An array in a static field, say. Those are then looked at one by one.
        return False


def is_same_array(one: Any, other: Any) -> bool:
    """Whether two arrays have the same shape and dtype, once they are JAX's."""
    # NumPy's float64 becomes float32, or not, depending on JAX's configuration.
    one, other = (x if isinstance(x, jax.Array) else jnp.asarray(x) for x in (one, other))
    return one.shape == other.shape and one.dtype == other.dtype


def is_alike(one: Any, other: Any) -> bool:
    """Whether two leaves are the same: arrays by shape and dtype, everything else by value."""
    if is_array(one) and is_array(other):
        return is_same_array(one, other)
    if is_array(one) or is_array(other):
        return False
    try:
        return one is other or bool(static_key(one) == static_key(other))
    except (TypeError, ValueError):
        return False


def is_number(leaf: Any) -> bool:
    """Whether the leaf is one of Python's numbers, which are static here."""
    return isinstance(leaf, (bool, int, float, complex)) and not is_array(leaf)
