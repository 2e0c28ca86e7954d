"""Which states of a loop to keep as checkpoints, when there is no room for all of them.

Reversing a loop needs the state before each step, last step first. With fewer checkpoints than
steps, states between two checkpoints are computed again from the earlier one. What to keep so that
the fewest steps are repeated:

- With the number of steps known (Griewank & Walther 2000, "Algorithm 799: Revolve"): `s` slots
  reverse `C(s + r, r)` steps if none is repeated more than `r` times, and the first checkpoint is
  best put where what follows it can be reversed with one slot less. See `split`.
- With the number unknown (Stumm & Walther 2010, "New algorithms for optimal online checkpointing";
  Wang, Moin & Iaccarino 2009, "Minimal repetition dynamic checkpointing algorithm for unsteady
  adjoint calculation"): every state is kept when it is reached; if all slots are taken, one is
  given up such that the repetitions are minimal wherever the loop stops. See `Online`.
"""

import functools
import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Int

_INT_MAX = np.iinfo(np.int32).max
# Columns of the table of binomials if the number of steps is unknown. Beyond it, slots are shared
# out in proportion, which is near the best.
_MOST_REPEATS = 32


def default_checkpoints(max_steps: int) -> int:
    """The fewest checkpoints with which no step is repeated more than twice, about `sqrt(2 n)`."""
    return max(1, math.ceil((math.sqrt(8 * max_steps + 1) - 3) / 2))


@functools.lru_cache(maxsize=64)
def _reversible(slots: int, max_steps: int | None) -> np.ndarray:
    """`C(s + r, r)`, for `s` slots and `r` repetitions."""
    repeats = _MOST_REPEATS
    if max_steps is not None:
        repeats = next(
            (r for r in range(1, repeats) if math.comb(slots + r, r) >= max_steps), repeats
        )
    table = np.ones((slots + 1, repeats + 1), np.int64)
    for s in range(1, slots + 1):
        for r in range(1, repeats + 1):
            table[s, r] = min(table[s, r - 1] + table[s - 1, r], _INT_MAX)
    return table.astype(np.int32)


class Split:
    """Where to put the next checkpoint, with this many slots and at most so many steps."""

    def __init__(self, slots: int, max_steps: int | None) -> None:
        self._table = _reversible(slots, max_steps)

    def __call__(self, steps: Int[Array, ""], slots: Int[Array, ""]) -> Int[Array, ""]:
        """How many steps to advance before keeping a state: at least 1, at most `steps - 1`.

        `steps` is how many are to be reversed from here, 2 or more. `slots` is how many slots
        there are for it, 2 or more: that of the state here is one of them.
        """
        table = jnp.asarray(self._table)
        most = table.shape[1] - 1
        here = lax.dynamic_index_in_dim(table, slots, keepdims=False)
        after = lax.dynamic_index_in_dim(table, slots - 1, keepdims=False)
        repeats = jnp.clip(jnp.sum(here < steps, dtype=jnp.int32), 1, most)
        # `here[r] == here[r - 1] + after[r]`: what lies before the next checkpoint, and after it.
        # As much before as fits without further repetitions, as that has one slot more.
        best = jnp.minimum(here[repeats - 1], steps - after[repeats - 1])
        in_proportion = (steps // (slots + most)) * most
        chosen = jnp.where(here[most] < steps, in_proportion, best)
        return jnp.clip(chosen, 1, steps - 1)


class Online(NamedTuple):
    """Which state each slot holds, while the loop runs; slot 0 holds the initial state forever.

    Slots are filled in order; each has a level, 0 at first. When all are taken, the last state
    moves one level up, into the first slot of those at its level, and the slots behind are free
    to be used again. So levels never increase along the slots in use, all steps are O(1), and a
    state at level `l` is followed by states that are at most `l` levels of bisection away.
    """

    top: Int[Array, ""]
    """The slot of the latest state."""
    steps: Int[Array, " slots"]
    """The number of the step whose state a slot holds; where none, more than any number."""
    levels: Int[Array, " slots"]
    starts: Int[Array, " slots"]
    """The first slot of those in a row that have the level of this one."""

    @staticmethod
    def of(slots: int) -> "Online":
        """All slots empty."""
        return Online(
            jnp.full((), -1, jnp.int32),
            jnp.full(slots, _INT_MAX, jnp.int32),
            jnp.zeros(slots, jnp.int32),
            jnp.zeros(slots, jnp.int32),
        )

    def keep(self, step: Int[Array, ""]) -> tuple["Online", Int[Array, ""]]:
        """The slot to put the state before `step` into; to be called for all steps from 0.

        The slot is one more than the last where the state is not to be kept: with one slot alone.
        """
        num_slots = self.steps.shape[0]
        if num_slots == 1:
            return self._replace(steps=jnp.zeros(1, jnp.int32)), jnp.minimum(step, 1)
        is_full = self.top == num_slots - 1
        slot = jnp.where(is_full, _at(self.starts, self.top), self.top + 1)
        level = jnp.where(is_full, _at(self.levels, self.top) + 1, 0)
        # Slot 0 is at a level that no other ever reaches, and so is never given up.
        level = jnp.where(slot == 0, _INT_MAX, level)
        before = jnp.maximum(slot - 1, 0)
        continues = _at(self.levels, before) == level
        start = jnp.where(continues, _at(self.starts, before), slot)
        return Online(
            slot,
            _set(self.steps, slot, step),
            _set(self.levels, slot, level),
            _set(self.starts, slot, start),
        ), slot

    def in_order(self) -> "Stack":
        """The states kept, earliest first."""
        order = jnp.argsort(self.steps).astype(jnp.int32)
        steps = self.steps[order]
        return Stack(jnp.sum(steps != _INT_MAX, dtype=jnp.int32) - 1, steps, order)


class Stack(NamedTuple):
    """The states kept, the earliest at the bottom; what is popped leaves its slot free."""

    top: Int[Array, ""]
    """The place of the latest state."""
    steps: Int[Array, " slots"]
    """The number of the step before which the state stands."""
    slots: Int[Array, " slots"]
    """The slot that holds it. Those of the places above the top are free."""

    @staticmethod
    def of(slots: int) -> "Stack":
        """The initial state kept in slot 0."""
        return Stack(
            jnp.zeros((), jnp.int32),
            jnp.zeros(slots, jnp.int32),
            jnp.arange(slots, dtype=jnp.int32),
        )

    @property
    def free(self) -> Int[Array, ""]:
        """How many slots are free."""
        return self.steps.shape[0] - 1 - self.top

    def latest(self) -> tuple[Int[Array, ""], Int[Array, ""]]:
        """The step of the latest state, and its slot."""
        return _at(self.steps, self.top), _at(self.slots, self.top)

    def push(self, step: Int[Array, ""], if_: Bool[Array, ""]) -> tuple["Stack", Int[Array, ""]]:
        """A slot for the state before `step`; one more than the last if it is not to be kept."""
        num_slots = self.steps.shape[0]
        place = jnp.minimum(self.top + 1, num_slots - 1)
        slot = jnp.where(if_, _at(self.slots, place), num_slots)
        steps = _set(self.steps, place, jnp.where(if_, step, _at(self.steps, place)))
        return Stack(jnp.where(if_, place, self.top), steps, self.slots), slot

    def pop(self, if_: Bool[Array, ""]) -> "Stack":
        """Without the latest state."""
        return self._replace(top=jnp.where(if_, self.top - 1, self.top))


def _at(array: Array, index: Array) -> Array:
    return lax.dynamic_index_in_dim(array, index, keepdims=False)


def _set(array: Array, index: Array, value: Array) -> Array:
    return lax.dynamic_update_index_in_dim(array, value, index, 0)
