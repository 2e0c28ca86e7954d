"""What every progress meter can do."""

import abc
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from jaxtyping import Array, Float, Real

from eqxcore._module import Module

FloatScalarLike: TypeAlias = Float[Array, ""] | Float[np.ndarray, ""] | np.number | float
RealScalarLike: TypeAlias = Real[Array, ""] | Real[np.ndarray, ""] | np.number | int | float

State = TypeVar("State")


class AbstractProgressMeter(Module, Generic[State]):
    """Shows how far along an iterative solve is.

    For those who write solvers: call `init` before the loop, `step` in every step, and `close`
    after it, and carry the state, a pytree of arrays, along. All three may be jitted and vmapped.
    """

    @abc.abstractmethod
    def init(self) -> State:
        """The state to begin with; a meter appears."""

    @abc.abstractmethod
    def step(self, state: State, progress: FloatScalarLike) -> State:
        """The state after this step; the meter moves on.

        `progress`: how much of the solve is done, from 0 to 1.
        """

    @abc.abstractmethod
    def close(self, state: State) -> Any:
        """Nothing; the meter shows that the solve is done."""
