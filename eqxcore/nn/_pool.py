"""Pooling: the sum or the maximum of each window of an image."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jaxtyping import PRNGKeyArray, Shaped

from eqxcore._module import Module, field
from eqxcore.nn._image import check_image
from eqxcore.nn._padding import Pads, canonical_padding
from eqxcore.nn._per_dimension import per_dimension


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
        more, padded at the end. Only `jax.lax.add`, `max` and `min` can be differentiated.

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

        Raises `ValueError` when `x` has not `num_spatial_dims + 1` axes, `RuntimeError` when
        some padding is as large as the kernel, so that a window could hold nothing else.
        """
        check_image(type(self).__name__, x, None, self.num_spatial_dims)
        return _pool(
            x,
            self.init,
            operation=self.operation,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            use_ceil=self.use_ceil,
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
    for pad, size in zip(padding, kernel_size, strict=True):
        if max(pad) >= size:
            raise RuntimeError(
                f"`padding` is {padding} and `kernel_size` {kernel_size}. Paddings should be less "
                f"than the size of the kernel; padding {pad} received for kernel size {size}."
            )
    x = jnp.asarray(x)
    pads = padding
    if use_ceil:
        pads = tuple(
            _round_up(length, size, step, pad)
            for length, size, step, pad in zip(
                x.shape[1:], kernel_size, stride, padding, strict=True
            )
        )
    return jax.lax.reduce_window(
        x,
        _neutral(init, x.dtype),
        operation,
        (1, *kernel_size),
        (1, *stride),
        ((0, 0), *pads),
    )


def _neutral(init: Any, dtype: np.dtype) -> Any:
    """`init` in the dtype of the image: an infinity is the end of the range of integers.

    A NumPy scalar where it can be, for JAX recognises sums and maxima by their concrete `init`;
    any other reduction it cannot differentiate.
    """
    if isinstance(init, Tracer):
        return init.astype(dtype)
    if not jnp.issubdtype(dtype, jnp.inexact) and np.isinf(init):
        if jnp.issubdtype(dtype, jnp.bool_):
            return np.bool_(init > 0)
        limits = jnp.iinfo(dtype)
        return np.asarray(limits.max if init > 0 else limits.min, dtype)[()]
    return np.asarray(init, dtype)[()]


def _round_up(length: int, size: int, step: int, pad: tuple[int, int]) -> tuple[int, int]:
    """`pad`, with as much more at the end as makes the last window whole."""
    before, after = pad
    over = (length + before + after - size) % step
    return (before, after + step - over) if over else pad
