"""The primitive `select_if_vmap`: a `select` where a loop is batched, and nothing where it is not.

A loop that is not batched runs a step only if its predicate is true, so that choosing between the
step's new value and the old one would be a copy for nothing. Under `vmap`, a step runs as long as
any element of the batch wants one, and those that do not must keep their old value.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Bool, Shaped

from eqxcore._jax_internals import Primitive

select_if_vmap_p: Primitive = Primitive("select_if_vmap")


def select_if_vmap(
    pred: Bool[Array, ""], new: Shaped[Array, "*shape"], old: Shaped[Array, "*shape"]
) -> Shaped[Array, "*shape"]:
    """`new` if `pred` is not batched, and `pred ? new : old` if it is."""
    return select_if_vmap_p.bind(pred, new, old)


def _impl(pred: Any, new: Any, old: Any) -> Any:
    return new


def _abstract_eval(pred: ShapedArray, new: ShapedArray, old: ShapedArray) -> ShapedArray:
    if pred.shape != () or new.shape != old.shape or new.dtype != old.dtype:
        raise TypeError(
            f"`select_if_vmap` got {pred}, {new}, {old}. Expected a predicate bool[] and two "
            "arrays of one shape and dtype."
        )
    # All else is that of `new`, over which devices it varies in a `shard_map`, say.
    return new.update(weak_type=new.weak_type and old.weak_type)


def _jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    pred, new, old = primals
    _, new_dot, old_dot = tangents
    out = select_if_vmap_p.bind(pred, new, old)
    if type(new_dot) is ad.Zero and type(old_dot) is ad.Zero:
        return out, new_dot
    new_dot, old_dot = ad.instantiate_zeros(new_dot), ad.instantiate_zeros(old_dot)
    return out, select_if_vmap_p.bind(pred, new_dot, old_dot)


def _transpose(ct: Any, pred: Any, new: Any, old: Any) -> list[Any]:
    zero = jnp.zeros_like(ct)
    # `pred` may be batched by a `vmap` further out: the choice is again up to the primitive.
    return [
        None,
        select_if_vmap_p.bind(pred, ct, zero) if ad.is_undefined_primal(new) else None,
        select_if_vmap_p.bind(pred, zero, ct) if ad.is_undefined_primal(old) else None,
    ]


def _batch(args: tuple[Any, ...], dims: tuple[Any, ...]) -> tuple[Any, int]:
    pred, new, old = args
    (size,) = {x.shape[d] for x, d in zip(args, dims, strict=True) if d is not None}
    # What is not batched may be a literal of the program, a Python number without a dtype.
    dtype = next((x.dtype for x in (new, old) if hasattr(x, "dtype")), None)
    new, old = (
        jnp.broadcast_to(jnp.asarray(x, dtype), (size, *jnp.shape(x)))
        if d is None
        else jnp.moveaxis(x, d, 0)
        for x, d in zip((new, old), dims[1:], strict=True)
    )
    if dims[0] is None:
        return select_if_vmap_p.bind(pred, new, old), 0
    pred = lax.broadcast_in_dim(jnp.moveaxis(pred, dims[0], 0), new.shape, (0,))
    return lax.select(pred, new, old), 0


select_if_vmap_p.def_impl(_impl)
select_if_vmap_p.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[select_if_vmap_p] = _jvp
ad.primitive_transposes[select_if_vmap_p] = _transpose
batching.primitive_batchers[select_if_vmap_p] = _batch
mlir.register_lowering(select_if_vmap_p, mlir.lower_fun(_impl, multiple_results=False))
