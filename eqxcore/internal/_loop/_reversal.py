"""The gradient of a loop: its steps in reverse order, each from the state before it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Int

from ._carry import Parts
from ._keeping import Kept, State, advance
from ._masks import fill, pick, union
from ._reach import is_inexact, reached_by_cotangents, reached_by_tangents
from ._traced_step import TracedStep
from ._values import Values, element


@jtu.register_static
@dataclass(frozen=True)
class Plan:
    """What is known of a loop's gradient when the loop runs."""

    perturbed: tuple[bool, ...]
    """Which of the values have a tangent in some step, in the order of `Values`."""
    buffers: tuple[jax.ShapeDtypeStruct, ...]

    @staticmethod
    def of(step: TracedStep, values: Values, perturbed: Sequence[bool]) -> "Plan":
        """The plan, with those `perturbed` that have a tangent before the first step."""
        buffers = tuple(_struct(b) for b in values.buffers)
        one = _one_step(values, values.arrays, buffers)
        masks = one.split(list(perturbed))
        can_be = [is_inexact(x) for x in [*one.arrays, *one.buffers]]
        carried = [*masks.arrays, *masks.buffers]
        while carried != can_be:
            reached = reached_by_tangents(
                lambda flat: _step_flat(step, one, flat), one.flat(), _around(masks, carried)
            )
            more = union(carried, reached)
            if more == carried:
                break
            carried = more
        return Plan(tuple(_around(masks, carried)), buffers)


class _Cotangents(NamedTuple):
    """The cotangents of the values that have one, while going back through the loop."""

    carried: list[Array]
    """Of the arrays and buffers after the step to come."""
    consts: list[Array]
    """Summed over the steps done."""
    xs: list[Array]


def reverse(
    step: TracedStep,
    plan: Plan,
    values: Values,
    num_steps: Int[Array, ""],
    kept: Kept,
    cts: Parts,
) -> Values:
    """The cotangents of the values, `None` for those that have none.

    Of the values, the arrays are not needed; and a buffer only where steps read it, as it is
    after the loop: a place that is written once has its value from then on.
    """
    one = _one_step(values, [_struct(row, 1) for row in kept.rows], plan.buffers)
    perturbed = one.split(list(plan.perturbed))
    final = [*cts.arrays, *cts.buffers]
    active = _active(step, one, perturbed, [not _is_zero(ct) for ct in final])
    # Of each step: the inputs with a cotangent. The outputs with one are those of `active`.
    inputs = _around(perturbed, active)

    def pull_back(k: Int[Array, ""], arrays: list[Any], carried: list[Array]) -> Values:
        point = Values(
            values.consts,
            arrays,
            _buffers(values, plan),
            [element(x, k) for x in values.xs],
        ).flat()

        def outputs(some: list[Any]) -> list[Any]:
            return pick(active, _step_flat(step, one, fill(inputs, some, point)))

        _, pull = jax.vjp(outputs, pick(inputs, point))
        (found,) = pull(carried)
        return one.split(fill(inputs, found, [None] * len(inputs)))

    def back(k: Int[Array, ""], arrays: list[Any], state: _Cotangents) -> _Cotangents:
        found = pull_back(k, arrays, state.carried)
        return _Cotangents(
            pick(active, [*found.arrays, *found.buffers]),
            jtu.tree_map(jnp.add, state.consts, pick(perturbed.consts, found.consts)),
            [
                lax.dynamic_update_index_in_dim(all_cts, ct, k, 0)
                for all_cts, ct in zip(state.xs, pick(perturbed.xs, found.xs), strict=True)
            ],
        )

    def step_again(i: Int[Array, ""], state: State) -> State:
        xs = [element(x, i) for x in values.xs]
        out = step(values.consts, state[0], _buffers(values, plan), xs)
        return out.arrays, []

    start = _Cotangents(
        pick(active, [_instantiate(ct) for ct in final]),
        [jnp.zeros_like(x) for x in pick(perturbed.consts, values.consts)],
        [jnp.zeros_like(x) for x in pick(perturbed.xs, values.xs)],
    )
    end = _through_states(num_steps, kept, step_again, back, start)
    num_arrays = len(one.arrays)
    carried = fill(active, end.carried, [None] * len(active))
    return Values(
        fill(perturbed.consts, end.consts, [None] * len(values.consts)),
        carried[:num_arrays],
        carried[num_arrays:],
        fill(perturbed.xs, end.xs, [None] * len(values.xs)),
    )


def _through_states(
    num_steps: Int[Array, ""],
    kept: Kept,
    step: Callable[[Int[Array, ""], State], State],
    back: Callable[[Int[Array, ""], list[Any], _Cotangents], _Cotangents],
    start: _Cotangents,
) -> _Cotangents:
    """Calls `back` with every step and the state before it, from the last to the first."""
    if kept.order is None:

        def to_previous(carry: Any) -> Any:
            left, cts = carry
            k = left - 1
            return k, back(k, kept.get(k), cts)

        return lax.while_loop(lambda carry: carry[0] > 0, to_previous, (num_steps, start))[1]

    def through(carry: Any) -> Any:
        left, rows, order, cts = carry
        k = left - 1
        here, slot = order.latest()
        state = (Kept(rows, order).get(slot), [])
        state, rows, order = advance(step, state, rows, order, here, k, keep_last=False)
        return k, rows, order.pop(if_=here == k), back(k, state[0], cts)

    begin = (num_steps, kept.rows, kept.order, start)
    return lax.while_loop(lambda carry: carry[0] > 0, through, begin)[3]


def _active(step: TracedStep, one: Values, perturbed: Values, has_ct: Sequence[bool]) -> list[bool]:
    """Which arrays and buffers have a cotangent after some step, if these have one at the end."""
    can_be = [*perturbed.arrays, *perturbed.buffers]
    active = [a and b for a, b in zip(can_be, has_ct, strict=True)]
    while active != can_be:
        reached = reached_by_cotangents(
            lambda flat: _step_flat(step, one, flat), one.flat(), perturbed.flat(), active
        )
        back = one.split(reached)
        more = union(active, [*back.arrays, *back.buffers])
        if more == active:
            break
        active = more
    return active


def _step_flat(step: TracedStep, shape: Values, flat: list[Any]) -> list[Any]:
    out = step(*shape.split(flat))
    return [*out.arrays, *out.buffers]


def _one_step(values: Values, arrays: Sequence[Any], buffers: Sequence[Any]) -> Values:
    """What one step depends on."""
    return Values(values.consts, list(arrays), list(buffers), [_struct(x, 1) for x in values.xs])


def _around(masks: Values, carried: Sequence[bool]) -> list[bool]:
    return [*masks.consts, *carried, *masks.xs]


def _buffers(values: Values, plan: Plan) -> list[Any]:
    # Where no step reads a buffer, what is in it comes to nothing, and the compiler removes it.
    return [
        jnp.zeros(struct.shape, struct.dtype) if final is None else final
        for final, struct in zip(values.buffers, plan.buffers, strict=True)
    ]


def _struct(x: Any, first: int = 0) -> jax.ShapeDtypeStruct:
    """Shape and dtype of `x` less its first dimensions."""
    return jax.ShapeDtypeStruct(x.shape[first:], x.dtype)


def _instantiate(ct: Any) -> Any:
    if not isinstance(ct, SymbolicZero):
        return ct
    # JAX declares none of its attributes.
    zero: Any = ct
    return jnp.zeros(zero.shape, zero.dtype)


def _is_zero(ct: Any) -> bool:
    return isinstance(ct, SymbolicZero) or not is_inexact(ct)
