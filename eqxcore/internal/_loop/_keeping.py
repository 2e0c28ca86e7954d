"""Running a loop while keeping some of its states, to have them again in the reverse order."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Int

from ._schedule import Online, Stack, split

State = tuple[list[Any], list[Any]]
"""The arrays, which are kept, and what else a step needs."""
StepAt = Callable[[Int[Array, ""], State], State]
"""From the number of a step, and the state before it, to the state after it."""


class Kept(NamedTuple):
    """States of a loop."""

    rows: list[Array]
    """For every array of a state: one row for each slot."""
    order: Stack | None
    """Which state each slot holds; `None`: slot `k` holds the one before step `k`."""

    def get(self, slot: Int[Array, ""]) -> list[Array]:
        """The state in the slot."""
        return [lax.dynamic_index_in_dim(row, slot, keepdims=False) for row in self.rows]


def keep_all(
    step: StepAt, state: State, goes_on: Callable[[Any, State], Bool[Array, ""]], most: int
) -> tuple[Int[Array, ""], State, Kept]:
    """Runs the loop of at most `most` steps, keeping all states: how many steps, and the last."""

    def body(carry: Any) -> Any:
        i, state, rows = carry
        rows = _put(rows, i, state[0])
        return i + 1, step(i, state), rows

    start = (_zero(), state, _rows(state, most))
    steps, state, rows = lax.while_loop(lambda carry: goes_on(carry[0], carry[1]), body, start)
    return steps, state, Kept(rows, None)


def keep_online(
    step: StepAt, state: State, goes_on: Callable[[Any, State], Bool[Array, ""]], slots: int
) -> tuple[Int[Array, ""], State, Kept]:
    """As `keep_all`, but keeps at most as many states as there are slots."""

    def body(carry: Any) -> Any:
        i, state, rows, online = carry
        online, slot = online.keep(i)
        rows = _put(rows, slot, state[0])
        return i + 1, step(i, state), rows, online

    start = (_zero(), state, _rows(state, slots + 1), Online.of(slots))
    steps, state, rows, online = lax.while_loop(
        lambda carry: goes_on(carry[0], carry[1]), body, start
    )
    return steps, state, Kept(rows, online.in_order())


def keep_known(step: StepAt, state: State, steps: int, slots: int) -> tuple[State, Kept]:
    """Runs the loop of this many steps, one or more, keeping as many states as there are slots."""
    # The rows begin as copies of the initial state.
    rows, order = _rows(state, slots + 1), Stack.of(slots)
    last = jnp.asarray(steps - 1, jnp.int32)
    state, rows, order = advance(step, state, rows, order, _zero(), last, keep_last=True)
    return step(last, state), Kept(rows, order)


def advance(
    step: StepAt,
    state: State,
    rows: list[Array],
    order: Stack,
    here: Int[Array, ""],
    to: Int[Array, ""],
    *,
    keep_last: bool,
) -> tuple[State, list[Array], Stack]:
    """Runs steps `here` up to `to`, not included, keeping states in the slots that are free."""

    def body(carry: Any) -> Any:
        here, state, rows, order = carry
        can_keep = order.free > 0
        num_steps = jnp.where(can_keep, split(to - here + 1, order.free + 1), to - here)
        there = here + num_steps
        state = lax.fori_loop(here, there, step, state)
        order, slot = order.push(there, if_=can_keep if keep_last else can_keep & (there < to))
        return there, state, _put(rows, slot, state[0]), order

    start = (here, state, rows, order)
    return lax.while_loop(lambda carry: carry[0] < to, body, start)[1:]


def _zero() -> Int[Array, ""]:
    return jnp.zeros((), jnp.int32)


def _rows(state: State, slots: int) -> list[Array]:
    # Copies of the initial state rather than zeros, which typed keys do not have.
    return [lax.broadcast(x, (slots,)) for x in state[0]]


def _put(rows: Sequence[Array], slot: Int[Array, ""], arrays: Sequence[Array]) -> list[Array]:
    return [
        lax.dynamic_update_index_in_dim(row, x, slot, 0)
        for row, x in zip(rows, arrays, strict=True)
    ]
