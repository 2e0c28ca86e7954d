"""`scan`: a `jax.lax.scan` whose gradient needs less memory, and with buffers written in place."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._pytree import PyTree

from ._carry import Carry, Parts, is_array_like
from ._checkpointed import CheckpointedLoop
from ._maybe_set import maybe_set
from ._nested_scan import nested_scan, scan_sizes
from ._schedule import default_checkpoints
from ._traced_step import StepOutput, TracedStep, trace_step
from ._values import Values

_Carry = TypeVar("_Carry")
_X = TypeVar("_X")
_Y = TypeVar("_Y")


def scan(
    f: Callable[[_Carry, _X], tuple[_Carry, _Y]],
    init: _Carry,
    xs: _X,
    length: int | None = None,
    *,
    buffers: Callable[[_Carry], PyTree | Sequence[PyTree]] | None = None,
    kind: Literal["lax", "checkpointed", "bounded"],
    checkpoints: int | Literal["all"] | None = None,
) -> tuple[_Carry, _Y]:
    """The final carry and the stacked outputs, as of `jax.lax.scan`.

    With `kind="lax"` it is `jax.lax.scan`, whose gradient holds what it needs of all steps. With
    `kind="checkpointed"` only the carries before `checkpoints` of the steps are held; the gradient
    computes all else again, and need not have a forward-mode. `checkpoints=None` is about
    `2 * sqrt(length)` of them, with which every step is done three times; `"all"` is one for every
    step, so that only what is inside of a step is computed again. `kind="bounded"` is as many, and
    has every derivative of any order, also where there are buffers.

    For `buffers`, and for leaves of `init` that are no arrays, see `while_loop`.

    Raises `ValueError` if `f` returns a carry unlike its argument, if the lengths of `xs` disagree,
    or for a `kind` or number of checkpoints that there is not; `TypeError` if `f` returns anything
    but a pair.
    """
    _check(kind, checkpoints)
    leaves, treedef = jtu.tree_flatten(xs)
    num_steps = _length(xs, length)
    carry = Carry(init, buffers, "f")
    ys_treedef: Any = None

    def step(parts: Parts, x: list[Any]) -> StepOutput:
        nonlocal ys_treedef
        new, ys = _pair(f(carry.inside(True, parts), treedef.unflatten(x)))
        after, _ = carry.parts_of(new, parts)
        ys_leaves, ys_treedef = jtu.tree_flatten(ys)
        return StepOutput(after.arrays, after.buffers, [_as_output(y) for y in ys_leaves])

    leaves = [jnp.asarray(x) for x in leaves]
    one = [jax.ShapeDtypeStruct(x.shape[1:], x.dtype) for x in leaves]
    traced = trace_step(step, carry.init.arrays, carry.init.buffers, one)
    values = Values(traced.consts, traced.arrays, carry.init.buffers, leaves)
    if kind == "lax" or num_steps == 0:
        final, ys = nested_scan(traced, values, num_steps, None)
    elif kind == "bounded":
        final, ys = nested_scan(traced, values, num_steps, scan_sizes(num_steps, None))
    elif (sizes := scan_sizes(num_steps, checkpoints)) is not None and not values.buffers:
        final, ys = nested_scan(traced, values, num_steps, sizes)
    else:
        slots = _slots(num_steps, checkpoints)
        final, ys = _checkpointed_scan(traced, values, num_steps, slots, carry)
    final = Parts(traced.all_arrays(final.arrays), final.buffers)
    return carry.outside(final), ys_treedef.unflatten(ys)


def _checkpointed_scan(
    traced: TracedStep, values: Values, num_steps: int, checkpoints: int, carry: Carry
) -> tuple[Parts, list[Any]]:
    """The scan as a loop that counts, and writes its outputs to buffers."""
    num_buffers = len(values.buffers)

    def step(parts: Parts, x: list[Any]) -> StepOutput:
        k, *arrays = parts.arrays
        out = traced(traced.consts, arrays, parts.buffers[:num_buffers], x)
        ys = [
            maybe_set(True, ys, y, k, may_be_false=False, write_once=True, options={})
            for ys, y in zip(parts.buffers[num_buffers:], out.ys, strict=True)
        ]
        return StepOutput([k + 1, *out.arrays], [*out.buffers, *ys], [])

    one = [jax.ShapeDtypeStruct(x.shape[1:], x.dtype) for x in values.xs]
    ys = [jnp.zeros((num_steps, *y.shape), y.dtype) for y in traced.ys]
    counting = trace_step(
        step, [jnp.zeros((), jnp.int32), *values.arrays], [*values.buffers, *ys], one
    )
    reads = [*[r.any for r in carry.reads], *[False for _ in ys]]
    loop = CheckpointedLoop(counting, checkpoints, num_steps, True, reads)
    start = Values(counting.consts, counting.arrays, [*values.buffers, *ys], values.xs)
    final = loop(start)
    _, *arrays = counting.all_arrays(final.arrays)
    return Parts(arrays, final.buffers[:num_buffers]), final.buffers[num_buffers:]


def _slots(num_steps: int, checkpoints: int | Literal["all"] | None) -> int:
    if checkpoints is None:
        return default_checkpoints(num_steps)
    return num_steps if checkpoints == "all" else checkpoints


def _length(xs: PyTree, length: int | None) -> int:
    lengths: dict[str, int] = {}
    if length is not None:
        lengths["`length`"] = int(length)
    for path, x in jtu.tree_leaves_with_path(xs):
        name = "xs" + jtu.keystr(path)
        if jnp.ndim(x) == 0:
            raise ValueError(
                f"`scan` got {x!r} at {name}, which has no first dimension to scan over. Expected "
                "arrays: what is the same in every step, close over it, or pass "
                "`jnp.broadcast_to(x, (length,))`."
            )
        lengths[name] = jnp.shape(x)[0]
    if not lengths:
        raise ValueError(
            "`scan` got neither arrays in `xs` nor a `length`. Expected one of them, to know how "
            "many steps there are: pass `length=10`, say."
        )
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name}: {n}" for name, n in lengths.items())
        raise ValueError(
            f"`scan` got different numbers of steps: {found}. Expected `length`, where it is "
            "given, and the first dimensions of all arrays in `xs` to be the same."
        )
    return next(iter(lengths.values()))


def _pair(out: Any) -> tuple[Any, Any]:
    if isinstance(out, tuple) and len(out) == 2:
        return out
    raise TypeError(
        f"`f` of a scan returned {out!r}. Expected a pair, the carry and the output: "
        "`return carry, None` if there is no output."
    )


def _as_output(y: Any) -> Any:
    if is_array_like(y):
        return jnp.asarray(y)
    raise TypeError(
        f"`f` of a scan returned {y!r} of type {type(y).__name__} in its output. Expected arrays "
        "and numbers, which are stacked over the steps."
    )


def _check(kind: str, checkpoints: Any) -> None:
    if kind not in ("lax", "checkpointed", "bounded"):
        raise ValueError(
            f"`kind` of a scan is {kind!r}. Expected 'lax' (its gradient holds what it needs of "
            "every step), 'checkpointed' (it holds some of the carries, and computes the rest "
            "again), or 'bounded' (the same, with every derivative)."
        )
    if checkpoints is None or checkpoints == "all":
        return
    if not (
        isinstance(checkpoints, int) and not isinstance(checkpoints, bool) and checkpoints >= 1
    ):
        raise ValueError(
            f"`checkpoints` is {checkpoints!r}. Expected a Python int, 1 or more, 'all', or None "
            "for about the square root of twice the number of steps."
        )
