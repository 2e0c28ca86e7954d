"""A check as a primitive: it takes `pred` and some arrays, and gives the arrays unchanged.

Why a primitive, and not a `lax.cond` around a callback:
- outside of compiled programs it is an `if`, and the error is raised where it is made;
- tangents go around it, so that what was known to be zero stays known to be zero;
- under `vmap` the whole batch shares one branch, which never becomes a `select`;
- it has no effects, so that an unused check is taken out as any unused value is;
- its lowering can say that there is a check.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir

from eqxcore import _jax_internals as internals
from eqxcore._jax_internals import Primitive
from eqxcore._unvmap import unvmap_any

from ._exceptions import EquinoxRuntimeError
from ._failure import Check, failure_text, failure_within
from ._notice import notice_check
from ._poison import poison_if


def check_arrays(check: Check, pred: Any, index: Any | None, arrays: Sequence[Any]) -> list[Any]:
    """The arrays, which are not used before the check has passed.

    Raises `EquinoxRuntimeError` at once where the values are known.
    """
    conditions = (pred,) if index is None else (pred, index)
    return check_p.bind(*conditions, *arrays, check=check)


def _split(args: Sequence[Any], check: Check) -> tuple[Sequence[Any], Sequence[Any]]:
    """The conditions, which are `pred` and perhaps `index`, and the arrays."""
    count = 1 if check.index_ndim is None else 2
    return args[:count], args[count:]


def _run(*args: Any, check: Check) -> list[Any]:
    conditions, arrays = _split(args, check)
    # One element comes to the host; all of `pred` only when there is something to tell.
    if bool(unvmap_any(conditions[0])):
        raise EquinoxRuntimeError(_text(check, *conditions, is_compiled=False))
    return list(arrays)


def _text(check: Check, pred: Any, index: Any | None = None, *, is_compiled: bool) -> str:
    on_host = None if index is None else np.asarray(index)
    return failure_text(check, np.asarray(pred), on_host, is_compiled=is_compiled)


def _abstract_eval(*avals: ShapedArray, check: Check) -> Sequence[ShapedArray]:
    return _split(avals, check)[1]


def _jvp(
    primals: Sequence[Any], tangents: Sequence[Any], *, check: Check
) -> tuple[list[Any], list[Any]]:
    return check_p.bind(*primals, check=check), list(_split(tangents, check)[1])


def _batch(
    args: Sequence[Any], dims: Sequence[int | None], *, check: Check
) -> tuple[list[Any], Sequence[int | None]]:
    conditions, arrays = _split(args, check)
    condition_dims, array_dims = _split(dims, check)
    if any(dim is not None for dim in condition_dims):
        size = next(
            condition.shape[dim]
            for condition, dim in zip(conditions, condition_dims, strict=True)
            if dim is not None
        )
        conditions = [
            jnp.broadcast_to(condition, (size, *condition.shape))
            if dim is None
            else jnp.moveaxis(condition, dim, 0)
            for condition, dim in zip(conditions, condition_dims, strict=True)
        ]
    return check_p.bind(*conditions, *arrays, check=check), array_dims


# The arrays must depend on the callback, or XLA drops it, and may run a loop that does not end
# without the check first. (An `optimization_barrier` is not enough: it is taken away before the
# last round of dropping.) There are two ways. Small arrays go through the `cond`: XLA fuses nothing
# across it, where twenty checks of which each uses the last took ten times as long to compile.
# Large ones are selected after it: twenty on 9 MB, each used by a sum, ran in two thirds of the
# time, since `cond` copies what goes through it.
_MOST_BYTES_THROUGH_COND = 1 << 16


def _compiled(*args: Any, check: Check, fail: Callable[..., np.ndarray]) -> list[Any]:
    """What the check is compiled to. `fail` gives whether the arrays are bad."""
    conditions, arrays = _split(args, check)
    if sum(array.size * array.dtype.itemsize for array in arrays) > _MOST_BYTES_THROUGH_COND:
        return _selected(conditions, arrays, fail)

    def failed(arrays: Sequence[Any]) -> list[Any]:
        bad = _call(fail, conditions)
        return [poison_if(bad, array) for array in arrays]

    return jax.lax.cond(jnp.any(conditions[0]), failed, list, list(arrays))


def _selected(
    conditions: Sequence[Any], arrays: Sequence[Any], fail: Callable[..., np.ndarray]
) -> list[Any]:
    bad = jax.lax.cond(
        jnp.any(conditions[0]), lambda: _call(fail, conditions), lambda: jnp.array(False)
    )
    return [poison_if(bad, array) for array in arrays]


def _call(fail: Callable[..., np.ndarray], conditions: Sequence[Any]) -> Any:
    return jax.pure_callback(fail, jax.ShapeDtypeStruct((), jnp.bool_), *conditions)


def _compiled_for_several(*args: Any, check: Check, fail: Callable[..., np.ndarray]) -> list[Any]:
    """The same for several devices: what goes to the host is no larger than it must be, since
    XLA brings it all to one device first; and what goes through `cond` would lose its sharding."""
    (pred, *index), arrays = _split(args, check)
    if index:
        index = [largest_index(check, pred, index[0])]
    return _selected([jnp.any(pred), *index], arrays, fail)


def largest_index(check: Check, pred: Any, index: Any) -> Any:
    """The largest element of `index` that belongs to a true element of `pred`."""
    if pred.shape != index.shape:
        batch = pred.ndim - check.pred_ndim
        pred = jnp.any(pred, axis=tuple(range(batch, pred.ndim)))
        pred = pred.reshape(pred.shape + (1,) * (index.ndim - batch))
    return jnp.max(index, where=pred, initial=jnp.iinfo(index.dtype).min)


def _raise(check: Check) -> Callable[..., np.ndarray]:
    def fail(*conditions: Any) -> np.ndarray:
        raise failure_within(_text(check, *conditions, is_compiled=True))

    return fail


def _note(check: Check, note: Callable[[str], None]) -> Callable[..., np.ndarray]:
    def fail(*conditions: Any) -> np.ndarray:
        note(_text(check, *conditions, is_compiled=True))
        return np.array(True)

    return fail


_lower_compiled = mlir.lower_fun(_compiled, multiple_results=True)
_lower_for_several = mlir.lower_fun(_compiled_for_several, multiple_results=True)


def _lower(ctx: Any, *args: Any, check: Check) -> Any:
    checks = notice_check()
    if _count_devices(ctx) == 1:
        return _lower_compiled(ctx, *args, check=check, fail=_raise(check))
    # An error on one device leaves the others waiting for it, and XLA then ends the process. So
    # the program runs to its end, on NaN, and whoever waits for it raises the error.
    small = check._replace(pred_ndim=0, index_ndim=None if check.index_ndim is None else 0)
    fail = _note(small, checks.note_failure)
    return _lower_for_several(ctx, *args, check=check, fail=fail)


def _count_devices(ctx: Any) -> int:
    context = ctx.module_context.axis_context
    if isinstance(context, mlir.ShardingContext):
        return context.num_devices
    if isinstance(context, mlir.SPMDAxisContext):
        return context.mesh.size
    return context.axis_env.nreps


check_p: Primitive = Primitive("check")
check_p.multiple_results = True
check_p.def_impl(_run)
check_p.def_abstract_eval(_abstract_eval)
ad.primitive_jvps[check_p] = _jvp
batching.primitive_batchers[check_p] = _batch
mlir.register_lowering(check_p, _lower)

internals.keep_out_of_callback_log(EquinoxRuntimeError)
