"""`nonbatchable`: an identity that `vmap` does not get past."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import jax.tree_util as jtu
from jax.interpreters import ad, batching

from eqxcore._jax_internals import Primitive
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._runtime_errors import error_if

from ._identity_primitive import identity_primitive

nonbatchable_p: Primitive = identity_primitive("nonbatchable")


def _batch(
    args: Sequence[Any], axes: Sequence[int], *, msg: str, allow_constant_across_batch: bool
) -> tuple[Any, None]:
    (x,), (axis,) = args, axes
    if not allow_constant_across_batch:
        raise ValueError(msg)
    x = jnp.moveaxis(x, axis, 0)
    first = x[0]
    differs = x != first
    if jnp.issubdtype(x.dtype, jnp.inexact):
        differs = differs & ~(jnp.isnan(x) & jnp.isnan(first))  # NaN everywhere is constant
    first = error_if(first, jnp.any(differs), msg)
    # Still under another `vmap`, perhaps, which must not batch it either.
    return nonbatchable_p.bind(first, msg=msg, allow_constant_across_batch=True), None


def _jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> tuple[Any, Any]:
    # The tangent may well be batched, as it is for a Jacobian.
    return nonbatchable_p.bind(primals[0], **params), tangents[0]


batching.primitive_batchers[nonbatchable_p] = _batch
ad.primitive_jvps[nonbatchable_p] = _jvp


def nonbatchable(
    x: PyTree,
    *,
    name: str | None = None,
    msg: str | None = None,
    allow_constant_across_batch: bool = False,
) -> PyTree:
    """`x`; raises `ValueError` if an array in it is batched by `vmap`.

    With `allow_constant_across_batch=True`, it may be batched if all elements are equal, and is
    then not batched in the result. That is checked when the program runs, as by `error_if`.

    The message is `msg`, or else made of `name`, what cannot be batched.
    """
    if msg is None:
        what = name or "This operation"
        if allow_constant_across_batch:
            msg = (
                f"Nonconstant batch. {what} may be vmap'd only over values that are all equal, "
                "and was given others. Pass the argument with `in_axes=None`, or make it equal "
                "for all elements of the batch, with `unvmap_max` say."
            )
        else:
            msg = (
                f"Unexpected batch tracer. {what} cannot be vmap'd. Pass the argument with "
                "`in_axes=None`, or make it one value for the whole batch, with `unvmap_any` say."
            )

    def of_leaf(leaf: Any) -> Any:
        if not is_array(leaf):
            return leaf
        return nonbatchable_p.bind(
            leaf, msg=msg, allow_constant_across_batch=allow_constant_across_batch
        )

    return jtu.tree_map(of_leaf, x)
