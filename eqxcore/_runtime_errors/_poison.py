"""A value that nobody takes for a result: what stands for an array that failed its check."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Bool

from eqxcore._jax_internals import Primitive


def poison_if(bad: Bool[Array, "*batch"], x: Array) -> Array:
    """`x`, with NaN where `bad`; the largest integer or `True` where there is no NaN.

    The dimensions of `bad` are the first ones of `x`. A typed key becomes that of all zeros.
    """
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        data = jax.random.key_data(x)
        return jax.random.wrap_key_data(
            _select(bad, jnp.zeros_like(data), data), impl=jax.random.key_impl(x)
        )
    return _select(bad, jnp.full_like(x, _poison(x.dtype)), x)


def _select(bad: Array, poison: Array, x: Array) -> Array:
    bad = bad.reshape(bad.shape + (1,) * (x.ndim - bad.ndim))
    return jax.lax.select(jnp.broadcast_to(bad, x.shape), poison, x)


def _poison(dtype: Any) -> Any:
    if dtype == jnp.bool_:
        return True
    if jnp.issubdtype(dtype, jnp.integer):
        return jnp.iinfo(dtype).max
    return np.nan


# As a primitive, since it has a derivative of its own: that of a function which changes nothing.
# A select would have cut the gradient at the poison, and leave a wrong one that looks right.


def _abstract_eval(bad: ShapedArray, x: ShapedArray) -> ShapedArray:
    return x


def _jvp(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    return poison_if_p.bind(*primals), tangents[1]


def _batch(args: tuple[Any, Any], dims: tuple[int | None, int | None]) -> tuple[Any, Any]:
    (bad, x), (bad_dim, x_dim) = args, dims
    if bad_dim is None and bad.ndim == 0:
        return poison_if_p.bind(bad, x), x_dim
    size = x.shape[x_dim] if bad_dim is None else bad.shape[bad_dim]
    return poison_if_p.bind(_in_front(bad, bad_dim, size), _in_front(x, x_dim, size)), 0


def _in_front(x: Any, dim: int | None, size: int) -> Any:
    return jnp.broadcast_to(x, (size, *x.shape)) if dim is None else jnp.moveaxis(x, dim, 0)


poison_if_p: Primitive = Primitive("poison_if")
poison_if_p.def_impl(jax.jit(poison_if))
poison_if_p.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[poison_if_p] = _jvp
batching.primitive_batchers[poison_if_p] = _batch
mlir.register_lowering(poison_if_p, mlir.lower_fun(poison_if, multiple_results=False))
