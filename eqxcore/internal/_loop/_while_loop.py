"""`while_loop`: a `jax.lax.while_loop` with gradients, and with buffers written in place."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import jax.numpy as jnp
from jaxtyping import Array, Bool

from eqxcore._pytree import PyTree

from ._bounded_loop import bounded_loop
from ._carry import Carry, Parts
from ._checkpointed import CheckpointedLoop
from ._lax_loop import lax_loop
from ._schedule import default_checkpoints
from ._select_if_vmap import select_if_vmap
from ._traced_step import StepOutput, TracedStep, trace_step
from ._values import Values
from ._weak_types import is_weak, promote, strong

_Carry = TypeVar("_Carry")


def while_loop(
    cond_fun: Callable[[_Carry], bool | Bool[Array, ""]],
    body_fun: Callable[[_Carry], _Carry],
    init_val: _Carry,
    *,
    max_steps: int | None = None,
    buffers: Callable[[_Carry], PyTree | Sequence[PyTree]] | None = None,
    kind: Literal["lax", "checkpointed", "bounded"],
    checkpoints: int | None = None,
    base: int = 16,
) -> _Carry:
    """The final value of a loop, as of `jax.lax.while_loop`; with gradients, if `kind` has them.

    Leaves of `init_val` that are no arrays, nor Python numbers, stay as they are. After
    `max_steps` steps the loop ends in any case; `None` is no limit.

    `kind` says which derivatives there are, and what they cost:

    - `"lax"`: forward-mode alone. Costs nothing.
    - `"checkpointed"`: reverse-mode (and forward-mode of the gradient). Keeps the states before
      `checkpoints` of the steps, and for the gradient computes the others again. With
      `checkpoints=None` there are so many that no step of `max_steps` is repeated more than
      twice: about `sqrt(2 * max_steps)`. Time and memory of a gradient are those of the steps
      taken, not of `max_steps`; memory for the checkpoints is allocated in any case.
    - `"bounded"`: every derivative of any order. Needs `max_steps`. Loops of `base` steps are
      nested `log(max_steps, base)` deep, which is how often a gradient repeats a step.

    `buffers(init_val)` returns one or several arrays of `init_val`, which become buffers: in
    `cond_fun` and `body_fun` they support only `buffer[item]` and
    `buffer.at[item].set(x, pred=...)`, but these neither copy them in a step, also under `vmap`,
    nor does a checkpoint hold them. For right gradients, no place may be written twice, and a
    place be read only after it was written; neither is checked.

    Raises `ValueError` if `body_fun` returns a carry unlike its argument, or for a `kind` that
    there is not or that misses `max_steps` or `checkpoints`; `TypeError` if `cond_fun` returns
    anything but one boolean.
    """
    _check_kind(kind, max_steps)
    carry = Carry(init_val, buffers, "body_fun")
    if max_steps == 0:
        return carry.outside(carry.init)
    _check_costs(kind, max_steps, checkpoints, base)
    step = _trace(cond_fun, body_fun, carry)
    values = Values(step.consts, step.arrays, carry.init.buffers, [])
    if kind == "lax":
        final = lax_loop(step, values, max_steps)
    elif kind == "checkpointed":
        if checkpoints is None:
            assert max_steps is not None
            checkpoints = default_checkpoints(max_steps)
        loop = CheckpointedLoop(
            step, checkpoints, max_steps, False, [reads.any for reads in carry.reads]
        )
        final = loop(values)
    else:
        assert max_steps is not None
        final = bounded_loop(step, values, max_steps, base)
    _, *arrays = step.all_arrays(final.arrays)
    return carry.outside(Parts(arrays, final.buffers))


def _trace(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], carry: Carry
) -> TracedStep:
    """The step of the loop, whose first array says whether it is to be done."""

    def is_to_be_done(arrays: Sequence[Any], buffers: Sequence[Any]) -> Any:
        return _as_pred(cond_fun(carry.inside(True, Parts(list(arrays), list(buffers)))))

    def step(parts: Parts, _: list[Any]) -> StepOutput:
        pred, *arrays = parts.arrays
        old = Parts(arrays, parts.buffers)
        new, exchanged = carry.parts_of(body_fun(carry.inside(pred, old)), old)
        arrays = [_choose(pred, a, b) for a, b in zip(new.arrays, old.arrays, strict=True)]
        # A buffer that only was written to has chosen already, place by place.
        buffers = [
            _choose(pred, a, b) if other else a
            for a, b, other in zip(new.buffers, old.buffers, exchanged, strict=True)
        ]
        return StepOutput([pred & is_to_be_done(arrays, buffers), *arrays], buffers, [])

    first = is_to_be_done(carry.init.arrays, carry.init.buffers)
    return trace_step(step, [first, *carry.init.arrays], carry.init.buffers, [])


def _choose(pred: Any, new: Any, old: Any) -> Any:
    if new is old:
        # The loop then need not carry it.
        return old
    if is_weak(old):
        old = promote(old, new)
    return select_if_vmap(pred, new, old)


def _as_pred(pred: Any) -> Bool[Array, ""]:
    if not (hasattr(pred, "dtype") or isinstance(pred, (bool, int, float))):
        found = f"{pred!r} of type {type(pred).__name__}"
    else:
        array = jnp.asarray(pred)
        if array.shape == () and array.dtype == jnp.bool_:
            return strong(array)
        found = f"{array.dtype}{list(array.shape)}"
    raise TypeError(
        f"`cond_fun` returned {found}. Expected one boolean, which says whether to do another "
        "step: reduce several with `jnp.any(...)` or `jnp.all(...)`, make one of a number by a "
        "comparison."
    )


def _check_kind(kind: str, max_steps: Any) -> None:
    if kind not in ("lax", "checkpointed", "bounded"):
        raise ValueError(
            f"`kind` of a while loop is {kind!r}. Expected 'lax' (no gradient), 'checkpointed' "
            "(reverse-mode), or 'bounded' (all derivatives, needs `max_steps`)."
        )
    if max_steps is not None and not (_is_int(max_steps) and max_steps >= 0):
        raise ValueError(
            f"`max_steps` is {max_steps!r}. Expected a Python int, 0 or more, or None for no "
            "limit: it is part of the compiled program. A computed limit goes into `cond_fun`."
        )


def _check_costs(kind: str, max_steps: int | None, checkpoints: Any, base: Any) -> None:
    if kind == "checkpointed" and checkpoints is None and max_steps is None:
        raise ValueError(
            "`while_loop(..., kind='checkpointed')` has neither `max_steps` nor `checkpoints`. "
            "Expected one of them, since memory for the checkpoints is allocated before the loop "
            "runs. Pass `checkpoints=100`, say: with n, up to n**2 / 2 steps are repeated at most "
            "twice for the gradient."
        )
    if (
        kind == "checkpointed"
        and checkpoints is not None
        and not (_is_int(checkpoints) and checkpoints >= 1)
    ):
        raise ValueError(
            f"`checkpoints` is {checkpoints!r}. Expected a Python int, 1 or more, or None to "
            "derive it from `max_steps`."
        )
    if kind == "bounded" and max_steps is None:
        raise ValueError(
            "`while_loop(..., kind='bounded')` has no `max_steps`. Expected a Python int, which "
            "says how deep loops are to be nested. For loops without a limit use "
            "`kind='checkpointed', checkpoints=...`."
        )
    if kind == "bounded" and not (_is_int(base) and base >= 2):
        raise ValueError(f"`base` is {base!r}. Expected a Python int, 2 or more.")


def _is_int(x: Any) -> bool:
    return isinstance(x, int) and not isinstance(x, bool)
