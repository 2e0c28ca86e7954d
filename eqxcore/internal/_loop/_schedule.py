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

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Int

_INT_MAX = np.iinfo(np.int32).max
# How many repetitions of a step are planned for. With more, which takes very few slots or very
# many steps, slots are shared out in proportion, which is near the best.
_MOST_REPEATS = 16


def default_checkpoints(max_steps: int) -> int:
    """The fewest checkpoints with which no step is repeated more than twice, about `sqrt(2 n)`."""
    return max(1, math.ceil((math.sqrt(8 * max_steps + 1) - 3) / 2))


def split(steps: Int[Array, ""], slots: Int[Array, ""]) -> Int[Array, ""]:
    """How many steps to advance before keeping a state: at least 1, at most `steps - 1`.

    `steps` is how many are to be reversed from here, 2 or more. `slots` is how many slots there
    are for it, 2 or more: that of the state here is one of them.
    """
    # In floating point, as the binomials soon leave the integers: where they are rounded, a state
    # is kept a little beside the best place. All of it is one kernel of a few scalars.
    n, s = steps.astype(jnp.float32), slots.astype(jnp.float32)
    # `C(s + r - 1, r - 1)` for the least `r` with `C(s + r, r) >= n`.
    fewer, reversible = jnp.ones_like(s), s + 1.0
    repeats = jnp.ones_like(s)
    for r in range(2, _MOST_REPEATS + 1):
        more = reversible < n
        fewer = jnp.where(more, reversible, fewer)
        repeats = jnp.where(more, float(r), repeats)
        reversible = jnp.where(more, reversible * (s + r) / r, reversible)
    # `C(s + r, r)` is the steps before the next state kept, `C(s + r - 1, r - 1)` of them, plus
    # those after it, which have one slot less. As many before as are not repeated more often.
    least_after = fewer * s / (s + repeats - 1.0)
    best = jnp.minimum(fewer, n - least_after)
    in_proportion = n * repeats / (s + repeats)
    chosen = jnp.where(reversible < n, in_proportion, best)
    return jnp.clip(jnp.round(chosen).astype(jnp.int32), 1, steps - 1)


class Online(NamedTuple):
    """Which state each slot holds, while the loop runs; slot 0 holds the initial state forever.

    Slots are filled in order; each has a level, 0 at first. When all are taken, the next state
    goes one level up from the last, into the first slot of those in a row at the level of the
    last, and the slots behind are free to be used again. So levels never increase along the slots,
    and a state is only given up for one that stands for more steps.
    """

    top: Int[Array, ""]
    """The slot of the latest state."""
    turned: Int[Array, ""]
    """The slot last gone back to. Slots beyond the top hold older states than this one."""
    entries: Int[Array, "slots 3"]
    """Of each slot: the number of the step whose state it holds, the level, and the first slot of
    those in a row at this level. In one array, so that one write changes all."""

    @staticmethod
    def of(slots: int) -> "Online":
        """All slots empty."""
        nothing = jnp.full((), -1, jnp.int32)
        return Online(nothing, jnp.full((), slots, jnp.int32), jnp.zeros((slots, 3), jnp.int32))

    def keep(self, step: Int[Array, ""]) -> tuple["Online", Int[Array, ""]]:
        """The slot to put the state before `step` into; to be called for all steps from 0.

        The slot is one more than the last where the state is not to be kept: with one slot alone.
        """
        num_slots = self.entries.shape[0]
        if num_slots == 1:
            return self._replace(top=jnp.zeros((), jnp.int32)), jnp.minimum(step, 1)
        _, top_level, top_start = _row(self.entries, jnp.maximum(self.top, 0))
        is_full = self.top == num_slots - 1
        slot = jnp.where(is_full, top_start, self.top + 1)
        # Slot 0 is at a level that no other ever reaches, and so is never given up.
        level = jnp.where(slot == 0, _INT_MAX, jnp.where(is_full, top_level + 1, 0))
        _, level_before, start_before = _row(self.entries, jnp.maximum(slot - 1, 0))
        start = jnp.where((level_before == level) & (slot > 0), start_before, slot)
        entry = jnp.stack([step, level, start])
        entries = lax.dynamic_update_index_in_dim(self.entries, entry, slot, 0)
        return Online(slot, jnp.where(is_full, slot, self.turned), entries), slot

    def in_order(self) -> "Stack":
        """The states kept, earliest first."""
        num_slots = self.entries.shape[0]
        has_turned = self.turned < num_slots
        older = num_slots - 1 - self.top
        return Stack(
            jnp.where(has_turned, num_slots - 1, self.top),
            self.entries[:, 0],
            jnp.where(has_turned, self.turned, num_slots),
            jnp.where(has_turned, older, 0),
        )


class Stack(NamedTuple):
    """The states kept, the earliest at the bottom; what is popped leaves its slot free."""

    top: Int[Array, ""]
    """The place of the latest state."""
    steps: Int[Array, " slots"]
    """Of each slot: the number of the step whose state it holds."""
    turned: Int[Array, ""]
    older: Int[Array, ""]
    """Which slot a place has: its own, but from place `turned` on, the last `older` slots come
    before the others."""

    @staticmethod
    def of(slots: int) -> "Stack":
        """The initial state kept in slot 0."""
        zero = jnp.zeros((), jnp.int32)
        return Stack(zero, jnp.zeros(slots, jnp.int32), jnp.full((), slots, jnp.int32), zero)

    @property
    def free(self) -> Int[Array, ""]:
        """How many slots are free."""
        return self.steps.shape[0] - 1 - self.top

    def latest(self) -> tuple[Int[Array, ""], Int[Array, ""]]:
        """The step of the latest state, and its slot."""
        slot = self._slot(self.top)
        return lax.dynamic_index_in_dim(self.steps, slot, keepdims=False), slot

    def push(self, step: Int[Array, ""], if_: Bool[Array, ""]) -> tuple["Stack", Int[Array, ""]]:
        """A slot for the state before `step`; one more than the last if it is not to be kept."""
        num_slots = self.steps.shape[0]
        place = jnp.minimum(self.top + 1, num_slots - 1)
        slot = self._slot(place)
        old = lax.dynamic_index_in_dim(self.steps, slot, keepdims=False)
        steps = lax.dynamic_update_index_in_dim(self.steps, jnp.where(if_, step, old), slot, 0)
        stack = self._replace(top=jnp.where(if_, place, self.top), steps=steps)
        return stack, jnp.where(if_, slot, num_slots)

    def pop(self, if_: Bool[Array, ""]) -> "Stack":
        """Without the latest state."""
        return self._replace(top=jnp.where(if_, self.top - 1, self.top))

    def _slot(self, place: Int[Array, ""]) -> Int[Array, ""]:
        first_older = self.steps.shape[0] - self.older
        among_older = first_older + (place - self.turned)
        behind = jnp.where(place < self.turned + self.older, among_older, place - self.older)
        return jnp.where(place < self.turned, place, behind)


def _row(entries: Int[Array, "slots 3"], slot: Int[Array, ""]) -> list[Int[Array, ""]]:
    row = lax.dynamic_index_in_dim(entries, slot, keepdims=False)
    return [row[0], row[1], row[2]]
