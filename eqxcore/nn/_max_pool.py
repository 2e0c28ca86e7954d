"""Max pooling over one, two and three dimensions."""

from collections.abc import Sequence

import jax

from eqxcore.nn._pool import Pool

_LOWEST = -float("inf")


class MaxPool1d(Pool):
    """The maximum of each window, over one dimension: `(channels, length)`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """As `Pool`."""
        super().__init__(_LOWEST, jax.lax.max, 1, kernel_size, stride, padding, use_ceil)


class MaxPool2d(Pool):
    """The maximum of each window, over two dimensions: `(channels, height, width)`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """As `Pool`."""
        super().__init__(_LOWEST, jax.lax.max, 2, kernel_size, stride, padding, use_ceil)


class MaxPool3d(Pool):
    """The maximum of each window, over three dimensions: `(channels, depth, height, width)`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """As `Pool`."""
        super().__init__(_LOWEST, jax.lax.max, 3, kernel_size, stride, padding, use_ceil)
