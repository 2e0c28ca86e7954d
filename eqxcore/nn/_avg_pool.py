"""Average pooling over one, two and three dimensions."""

from collections.abc import Sequence
from math import prod

import jax
from jax import Array
from jaxtyping import Inexact, PRNGKeyArray, Shaped

from eqxcore.nn._pool import Pool


class AvgPool1d(Pool):
    """The average of each window, over one dimension: `(channels, length)`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """As `Pool`. Padding counts as zeros in the average."""
        super().__init__(0, jax.lax.add, 1, kernel_size, stride, padding, use_ceil)

    @jax.named_scope("eqx.nn.AvgPool1d")
    def __call__(
        self, x: Shaped[Array, "channels length"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, "channels length"]:
        """The output, with as many channels. `key` is ignored. Raises as `Pool` does."""
        return super().__call__(x) / prod(self.kernel_size)


class AvgPool2d(Pool):
    """The average of each window, over two dimensions: `(channels, height, width)`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """As `Pool`. Padding counts as zeros in the average."""
        super().__init__(0, jax.lax.add, 2, kernel_size, stride, padding, use_ceil)

    @jax.named_scope("eqx.nn.AvgPool2d")
    def __call__(
        self, x: Shaped[Array, "channels height width"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, "channels height width"]:
        """The output, with as many channels. `key` is ignored. Raises as `Pool` does."""
        return super().__call__(x) / prod(self.kernel_size)


class AvgPool3d(Pool):
    """The average of each window, over three dimensions: `(channels, depth, height, width)`."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """As `Pool`. Padding counts as zeros in the average."""
        super().__init__(0, jax.lax.add, 3, kernel_size, stride, padding, use_ceil)

    @jax.named_scope("eqx.nn.AvgPool3d")
    def __call__(
        self, x: Shaped[Array, "channels depth height width"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, "channels depth height width"]:
        """The output, with as many channels. `key` is ignored. Raises as `Pool` does."""
        return super().__call__(x) / prod(self.kernel_size)
