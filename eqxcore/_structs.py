"""Shapes and dtypes in place of arrays."""

from typing import Any

import jax

from eqxcore._predicates import is_array


def is_array_or_struct(leaf: Any) -> bool:
    """True for an array, and for a `jax.ShapeDtypeStruct`, which stands for one."""
    return isinstance(leaf, jax.ShapeDtypeStruct) or is_array(leaf)
