"""Reductions of a whole array, `vmap`ped dimensions included: one value for the entire batch.

`jax.vmap(lambda x: jnp.any(x))` reduces each element by itself. These see through `vmap`, so that
a condition on their result stays one branch of one `lax.cond`, which never becomes a `select`.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, ArrayLike, Bool, Real

from eqxcore._jax_internals import Primitive


def _reduction(name: str, reduce: Callable[[Array], Array]) -> Primitive:
    """A primitive that is `reduce` of everything, and whose result is never batched."""
    primitive = Primitive(name)

    def abstract_eval(x: ShapedArray) -> ShapedArray:
        return ShapedArray((), x.dtype)

    def batch(args: tuple[Any], dims: tuple[int | None]) -> tuple[Any, None]:
        # The batch dimension is reduced with all the others: it does not matter which it is.
        return primitive.bind(args[0]), None

    def jvp(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
        result = primitive.bind(primals[0])
        if jnp.issubdtype(result.dtype, jnp.inexact):
            raise NotImplementedError(
                f"`{name}` of floating-point numbers was differentiated. Expected numbers that "
                "nothing differentiated depends on, since the result is one for the whole batch: "
                f"write `{name}(jax.lax.stop_gradient(x))`."
            )
        return result, ad.Zero(jax.typeof(result).to_tangent_aval())

    primitive.def_impl(jax.jit(reduce))
    primitive.def_abstract_eval(abstract_eval)
    batching.primitive_batchers[primitive] = batch
    ad.primitive_jvps[primitive] = jvp
    mlir.register_lowering(primitive, mlir.lower_fun(reduce, multiple_results=False))
    return primitive


unvmap_any_p: Primitive = _reduction("unvmap_any", jnp.any)
unvmap_all_p: Primitive = _reduction("unvmap_all", jnp.all)
unvmap_max_p: Primitive = _reduction("unvmap_max", jnp.max)


def unvmap_any(x: Bool[ArrayLike, "..."]) -> Bool[Array, ""]:
    """Whether any element is true (or not zero), in any element of the batch."""
    return unvmap_any_p.bind(_as_bool(x))


def unvmap_all(x: Bool[ArrayLike, "..."]) -> Bool[Array, ""]:
    """Whether all elements are true (or not zero), in all elements of the batch."""
    return unvmap_all_p.bind(_as_bool(x))


def unvmap_max(x: Real[ArrayLike, "..."]) -> Real[Array, ""]:
    """The largest element over the whole batch.

    Raises `TypeError` for complex numbers, which have no order, and `NotImplementedError` if it
    is differentiated: put `jax.lax.stop_gradient` around `x` if it is only looked at.
    """
    x = jnp.asarray(x)
    if jnp.issubdtype(x.dtype, jnp.complexfloating):
        raise TypeError(
            f"`unvmap_max` got an array of {x.dtype}. Expected real numbers, since complex ones "
            "have no order: take `jnp.abs(x)`, say."
        )
    return unvmap_max_p.bind(x)


def _as_bool(x: Any) -> Array:
    x = jnp.asarray(x)
    return x if x.dtype == jnp.bool_ else x != 0
