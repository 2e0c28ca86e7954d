"""`nondifferentiable`: an identity that differentiation does not get past."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax.interpreters import ad, batching

from eqxcore._jax_internals import Primitive
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._runtime_errors import error_if

from ._identity_primitive import identity_primitive

nondifferentiable_p: Primitive = identity_primitive("nondifferentiable")
nondifferentiable_backward_p: Primitive = identity_primitive("nondifferentiable_backward")


def _keep_axis(primitive: Primitive) -> Any:
    def batch(args: Sequence[Any], axes: Sequence[Any], **params: Any) -> tuple[Any, Any]:
        return primitive.bind(args[0], **params), axes[0]

    return batch


def _jvp(primals: Sequence[Any], tangents: Sequence[Any], *, msg: str) -> tuple[Any, Any]:
    (x,), (tangent,) = primals, tangents
    if not isinstance(tangent, ad.Zero) and jax.typeof(tangent).dtype != jax.dtypes.float0:
        raise RuntimeError(msg)
    return nondifferentiable_p.bind(x, msg=msg), tangent


def _backward_jvp(
    primals: Sequence[Any], tangents: Sequence[Any], **params: Any
) -> tuple[Any, Any]:
    (x,), (tangent,) = primals, tangents
    if not isinstance(tangent, ad.Zero):
        tangent = nondifferentiable_backward_p.bind(tangent, **params)
    return nondifferentiable_backward_p.bind(x, **params), tangent


def _backward_transpose(ct: Any, x: Any, *, msg: str, symbolic: bool) -> list[Any]:
    if isinstance(ct, ad.Zero):
        return [ct]
    if symbolic:
        raise RuntimeError(msg)
    return [error_if(ct, jnp.any(ct != 0), msg)]


ad.primitive_jvps[nondifferentiable_p] = _jvp
batching.primitive_batchers[nondifferentiable_p] = _keep_axis(nondifferentiable_p)
ad.primitive_jvps[nondifferentiable_backward_p] = _backward_jvp
ad.primitive_transposes[nondifferentiable_backward_p] = _backward_transpose
batching.primitive_batchers[nondifferentiable_backward_p] = _keep_axis(nondifferentiable_backward_p)


def nondifferentiable(x: PyTree, *, name: str | None = None, msg: str | None = None) -> PyTree:
    """`x`; raises `RuntimeError` if an array in it is differentiated, forwards or in reverse.

    The message is `msg`, or else made of `name`, what cannot be differentiated.
    """
    if msg is None:
        msg = (
            f"Unexpected tangent. {name or 'This operation'} cannot be autodifferentiated: it "
            "depends on something that is. If no derivative is wanted here, pass the input "
            "through `jax.lax.stop_gradient`."
        )
    return jtu.tree_map(
        lambda leaf: nondifferentiable_p.bind(leaf, msg=msg) if is_array(leaf) else leaf, x
    )


def nondifferentiable_backward(
    x: PyTree, name: str | None = None, msg: str | None = None, symbolic: bool = True
) -> PyTree:
    """`x`; raises an error if an array in it is differentiated in reverse mode.

    With `symbolic=True`, raises `RuntimeError` while tracing, for every cotangent. With
    `symbolic=False`, only for one that is not zero when the program runs, as `error_if` does.

    The message is `msg`, or else made of `name`, what cannot be differentiated.
    """
    if msg is None:
        msg = (
            f"Unexpected cotangent. {name or 'This operation'} cannot be reverse-mode "
            "autodifferentiated: what is differentiated depends on its result. Forward mode is "
            "possible, with `jax.jvp` or `jax.jacfwd`; or pass the result through "
            "`jax.lax.stop_gradient`."
        )

    def of_leaf(leaf: Any) -> Any:
        if not is_array(leaf):
            return leaf
        return nondifferentiable_backward_p.bind(leaf, msg=msg, symbolic=symbolic)

    return jtu.tree_map(of_leaf, x)
