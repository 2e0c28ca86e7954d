"""Progress printed line by line."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int

from eqxcore._unvmap import unvmap_max

from ._abstract import AbstractProgressMeter, FloatScalarLike, RealScalarLike
from ._callbacks import WHOLE, close_meter, counted, move_meter, open_meter


class TextState(NamedTuple):
    """What has been printed, and by which meter."""

    shown: Int[Array, ""]
    meter: Int[Array, ""]


class _Lines:
    def __init__(self) -> None:
        self._shown = -1

    def show(self, progress: int) -> None:
        self._shown = progress
        print(f"{progress / 100:.2f}%", flush=True)

    def close(self) -> None:
        if self._shown != WHOLE:
            self.show(WHOLE)


class TextProgressMeter(AbstractProgressMeter[TextState]):
    """Prints how much is done:

    ```text
    0.00%
    2.00%
    5.30%
    ...
    100.00%
    ```
    """

    minimum_increase: RealScalarLike = 0.02
    """How much more must be done before another line is printed: of 1."""

    def init(self) -> TextState:
        """The state to begin with; prints a line."""
        return TextState(jnp.zeros((), jnp.int32), open_meter(_Lines))

    def step(self, state: TextState, progress: FloatScalarLike) -> TextState:
        """The state after this step; prints a line if enough was done since the last."""
        count = counted(progress)
        least = jnp.asarray(self.minimum_increase, jnp.float32) * WHOLE
        # In a batch, elements that are done keep their state: what was shown last counts.
        state = TextState(unvmap_max(state.shown), unvmap_max(state.meter))
        increase = (count - state.shown).astype(jnp.float32)
        is_due = (increase >= least) | (count == WHOLE)

        def show(state: TextState) -> TextState:
            return TextState(count, move_meter(state.meter, count))

        return lax.cond(is_due & (increase > 0), show, lambda state: state, state)

    def close(self, state: TextState) -> None:
        """Nothing; prints that all is done, if that was not printed yet."""
        close_meter(state.meter)
