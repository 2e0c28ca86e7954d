"""Progress as a bar, drawn by tqdm."""

import importlib.util
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Int

from eqxcore._unvmap import unvmap_max

from ._abstract import AbstractProgressMeter, FloatScalarLike
from ._callbacks import WHOLE, close_meter, counted, move_meter, open_meter


class TqdmState(NamedTuple):
    """How many steps there have been, and which bar is theirs."""

    steps: Int[Array, ""]
    meter: Int[Array, ""]


class _Bar:
    def __init__(self) -> None:
        import tqdm.auto  # 25 ms, and not a dependency

        self._bar: Any = tqdm.auto.tqdm(
            total=100,
            unit="%",
            bar_format="{percentage:.2f}%|{bar}| [{elapsed}<{remaining}, {rate_fmt}{postfix}]",
        )

    def show(self, progress: int) -> None:
        if self._bar.n != progress / 100:
            # `update` would leave out what follows another within a tenth of a second.
            self._bar.n = progress / 100
            self._bar.refresh()

    def close(self) -> None:
        self.show(WHOLE)
        self._bar.close()


class TqdmProgressMeter(AbstractProgressMeter[TqdmState]):
    """Draws a bar with `tqdm`, which has to be installed.

    Raises `ValueError` when made where it is not.
    """

    refresh_steps: int = 20
    """Draw the bar again after this many steps. More cost less time."""

    def __check_init__(self) -> None:
        if importlib.util.find_spec("tqdm") is None:
            raise ValueError(
                "`TqdmProgressMeter` needs `tqdm`, which is not installed. Install it by "
                "`pip install tqdm`, or use `TextProgressMeter`, which needs nothing."
            )

    def init(self) -> TqdmState:
        """The state to begin with; an empty bar appears."""
        return TqdmState(jnp.zeros((), jnp.int32), open_meter(_Bar))

    def step(self, state: TqdmState, progress: FloatScalarLike) -> TqdmState:
        """The state after this step; every `refresh_steps` steps, the bar grows."""
        count = counted(progress)

        def show(meter: Int[Array, ""]) -> Int[Array, ""]:
            return move_meter(meter, count)

        is_due = unvmap_max(state.steps) % self.refresh_steps == 0
        meter = lax.cond(is_due, show, lambda meter: meter, unvmap_max(state.meter))
        return TqdmState(state.steps + 1, meter)

    def close(self, state: TqdmState) -> None:
        """Nothing; the bar is full, and stays."""
        close_meter(state.meter)
