"""Pooling: the sum or the maximum of each window of an image."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import PRNGKeyArray, Shaped

from eqxcore._module import Module, field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._image import check_image
from eqxcore.nn._padding import Pads, canonical_padding
from eqxcore.nn._per_dimension import per_dimension
from eqxcore.nn._windows import reduce_windows


class Pool(Module):
    """Reduces each window of an image by `operation`.

    Works on one image, channels first; for a batch, `jax.vmap(pool)(batch)`.
    """

    init: int | float | Array
    operation: Callable[[Array, Array], Array]
    num_spatial_dims: int = field(static=True)
    kernel_size: tuple[int, ...] = field(static=True)
    stride: tuple[int, ...] = field(static=True)
    padding: Pads = field(static=True)
    use_ceil: bool = field(static=True)

    def __init__(
        self,
        init: int | float | Array,
        operation: Callable[[Array, Array], Array],
        num_spatial_dims: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        use_ceil: bool = False,
    ) -> None:
        """`operation` combines two numbers, associatively, and `init` is neutral for it.

        Sizes are given once for all spatial dimensions, or as a sequence, one for each. Padding
        is filled with `init`. With `use_ceil=True`, pixels that fill no whole window make one
        more, padded at the end. Only `jax.lax.add`, `mul`, `max` and `min`, with the `init` that is
        theirs, can be differentiated.

        Raises `ValueError` where these do not fit together.
        """
        pads = canonical_padding(padding, num_spatial_dims)
        if isinstance(pads, str):
            raise ValueError(
                f"`padding` is {padding!r}; pooling takes an int, or one int or pair for each "
                "spatial dimension."
            )
        self.init = init
        self.operation = operation
        self.num_spatial_dims = num_spatial_dims
        self.kernel_size = per_dimension("kernel_size", kernel_size, num_spatial_dims)
        self.stride = per_dimension("stride", stride, num_spatial_dims)
        self.padding = pads
        self.use_ceil = use_ceil

    @jax.named_scope("eqx.nn.Pool")
    def __call__(
        self, x: Shaped[Array, "channels *spatial"], *, key: PRNGKeyArray | None = None
    ) -> Shaped[Array, "channels *spatial"]:
        """The output, with as many channels. `key` is ignored.

        Raises `ValueError` when `x` has not `num_spatial_dims + 1` axes, or is smaller than the
        kernel; `RuntimeError` when
        some padding is as large as the kernel, so that a window could hold nothing else.
        """
        check_image(self, x, None, self.num_spatial_dims)
        x = jnp.asarray(x)
        _check_windows(self, x.shape)
        return _pool(
            x,
            self.init,
            operation=self.operation,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            use_ceil=self.use_ceil,
        )


def _check_windows(pool: "Pool", shape: tuple[int, ...]) -> None:
    """Raises unless every window has something of the image in it."""
    for pad, size in zip(pool.padding, pool.kernel_size, strict=True):
        if max(pad) >= size:
            raise RuntimeError(
                f"{called_as(pool)} has `padding` {pool.padding} and `kernel_size` "
                f"{pool.kernel_size}. Paddings should be less than the size of the kernel; padding "
                f"{pad} received for kernel size {size}."
            )
    for length, pad, size in zip(shape[1:], pool.padding, pool.kernel_size, strict=True):
        if length + sum(pad) < size:
            raise ValueError(
                f"{called_as(pool)} got an image of shape {shape}, which, padded by "
                f"{pool.padding}, has no window of {pool.kernel_size} in it; expected each "
                "dimension to be as large as the kernel. Use a smaller `kernel_size`, or more "
                "`padding`."
            )


def _pool(
    x: Array,
    init: Any,
    *,
    operation: Callable[[Array, Array], Array],
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Pads,
    use_ceil: bool,
) -> Array:
    pads = padding
    if use_ceil:
        pads = tuple(
            _round_up(length, size, step, pad)
            for length, size, step, pad in zip(
                x.shape[1:], kernel_size, stride, padding, strict=True
            )
        )
    return reduce_windows(x, init, operation, kernel_size=kernel_size, stride=stride, padding=pads)


def _round_up(length: int, size: int, step: int, pad: tuple[int, int]) -> tuple[int, int]:
    """`pad`, with as much more at the end as makes the last window whole."""
    before, after = pad
    over = (length + before + after - size) % step
    return (before, after + step - over) if over else pad
