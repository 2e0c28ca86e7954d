"""Arrays of the shapes that a function returns, without calling it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jaxtyping import Array

from eqxcore._pytree import PyTree
from eqxcore._tracing import filter_eval_shape


def eval_empty(fn: Callable[..., Any], *inputs: PyTree[Any]) -> PyTree[Array]:
    """What `fn(*inputs)` returns, with arrays of arbitrary contents. `fn` is only traced.

    For a placeholder that is never read. What is no array is returned as it is.
    """
    return _filled(jnp.empty, fn, inputs)


def eval_zero(fn: Callable[..., Any], *inputs: PyTree[Any]) -> PyTree[Array]:
    """What `fn(*inputs)` returns, with arrays of zeros. `fn` is only traced."""
    return _filled(jnp.zeros, fn, inputs)


def _filled(
    make: Callable[..., Array], fn: Callable[..., Any], inputs: tuple[Any, ...]
) -> PyTree[Array]:
    def of_leaf(leaf: Any) -> Any:
        if not isinstance(leaf, jax.ShapeDtypeStruct):
            return leaf
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.lax.full(leaf.shape, 0, leaf.dtype)
        return make(leaf.shape, leaf.dtype)

    return jtu.tree_map(of_leaf, filter_eval_shape(fn, *inputs))
