"""No progress meter."""

from typing import Any

from ._abstract import AbstractProgressMeter, FloatScalarLike


class NoProgressMeter(AbstractProgressMeter[None]):
    """Shows nothing."""

    def init(self) -> None:
        """`None`."""
        return

    def step(self, state: Any, progress: FloatScalarLike) -> None:
        """`None`."""
        return

    def close(self, state: Any) -> None:
        """Nothing."""
        return
