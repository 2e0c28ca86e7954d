"""Whether pytrees are equal: structure, dtypes, shapes and values."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree


def tree_equal(
    *pytrees: PyTree,
    typematch: bool = False,
    rtol: Float[ArrayLike, ""] = 0.0,
    atol: Float[ArrayLike, ""] = 0.0,
) -> bool | Bool[Array, ""]:
    """Whether all the pytrees have the same structure, and equal leaves.

    Arrays are equal when their shapes, dtypes and values are; NaN equals nothing; with `rtol` or
    `atol`, floating-point arrays need only be close. A NumPy array may equal a JAX array, and
    `1 == 1.0 == True`, unless `typematch=True` asks for the types to be the same as well.

    A Python `bool`, unless JAX arrays had to be compared: then a JAX one, a tracer under `jit`.
    """
    if len(pytrees) < 2:
        return True
    first, *others = pytrees
    leaves, treedef = jtu.tree_flatten(first)
    result: Any = True
    for other in others:
        other_leaves, other_treedef = jtu.tree_flatten(other)
        if treedef != other_treedef:
            return False
        for a, b in zip(leaves, other_leaves, strict=True):
            equal = _leaves_equal(a, b, typematch, rtol, atol)
            if equal is False:
                return False
            if equal is not True:
                result = equal if result is True else result & equal
    return result


def _leaves_equal(a: Any, b: Any, typematch: bool, rtol: Any, atol: Any) -> Any:
    if typematch and type(a) is not type(b):
        return False
    if is_array(a) != is_array(b):
        return False
    if not is_array(a):
        return bool(a == b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    on_host = not isinstance(a, jax.Array) and not isinstance(b, jax.Array)
    library: Any = np if on_host else jnp
    if (_is_exactly_zero(rtol) and _is_exactly_zero(atol)) or not jnp.issubdtype(
        a.dtype, jnp.inexact
    ):
        equal = library.all(a == b)
    else:
        equal = library.allclose(a, b, rtol=rtol, atol=atol)
    return bool(equal) if on_host else equal


def _is_exactly_zero(tolerance: Any) -> bool:
    return isinstance(tolerance, (int, float)) and tolerance == 0
