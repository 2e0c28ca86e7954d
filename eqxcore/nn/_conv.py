"""Convolutions over any number of spatial dimensions."""

from collections.abc import Sequence
from math import prod

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._image import check_image
from eqxcore.nn._padding import Pads, canonical_padding, canonical_padding_mode, explicit_pads
from eqxcore.nn._parameters import weight_and_bias
from eqxcore.nn._per_dimension import per_dimension
from eqxcore.nn._traced_once import traced_once

# What `jnp.pad` calls our padding modes.
_PAD_MODES = {"REFLECT": "reflect", "REPLICATE": "edge", "CIRCULAR": "wrap"}


class Conv(Module):
    """A convolution over `num_spatial_dims` dimensions.

    Works on one image, channels first; for a batch, `jax.vmap(conv)(batch)`.
    """

    num_spatial_dims: int = field(static=True)
    weight: Inexact[Array, "out in_per_group *kernel"]
    bias: Inexact[Array, "out *ones"] | None
    in_channels: int = field(static=True)
    out_channels: int = field(static=True)
    kernel_size: tuple[int, ...] = field(static=True)
    stride: tuple[int, ...] = field(static=True)
    padding: str | Pads = field(static=True)
    dilation: tuple[int, ...] = field(static=True)
    groups: int = field(static=True)
    use_bias: bool = field(static=True)
    padding_mode: str = field(static=True)

    def __init__(
        self,
        num_spatial_dims: int,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """Sizes are given once for all spatial dimensions, or as a sequence, one for each.

        `padding`: an int; one int or `(before, after)` for each dimension; or `"SAME"`,
        `"SAME_LOWER"`, `"VALID"`, in any case. `padding_mode`: `"ZEROS"`, `"REFLECT"`,
        `"REPLICATE"` or `"CIRCULAR"`. `groups` splits the channels into that many convolutions
        side by side; it divides `in_channels` and `out_channels`. `dtype=None` is JAX's default.

        Raises `ValueError` where these do not fit together.
        """
        check_groups(in_channels, out_channels, groups)
        self.kernel_size = per_dimension("kernel_size", kernel_size, num_spatial_dims)
        self.stride = per_dimension("stride", stride, num_spatial_dims)
        self.dilation = per_dimension("dilation", dilation, num_spatial_dims)
        self.padding = canonical_padding(padding, num_spatial_dims)
        self.padding_mode = canonical_padding_mode(padding_mode)
        in_per_group = in_channels // groups
        self.weight, self.bias = weight_and_bias(
            key,
            (out_channels, in_per_group, *self.kernel_size),
            (out_channels, *[1] * num_spatial_dims) if use_bias else None,
            fan_in=in_per_group * prod(self.kernel_size),
            dtype=dtype,
        )
        self.num_spatial_dims = num_spatial_dims
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        self.use_bias = use_bias

    @jax.named_scope("eqx.nn.Conv")
    def __call__(
        self, x: Inexact[Array, "in *spatial"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, "out *spatial"]:
        """The output, of shape `(out_channels, ...)`. `key` is ignored.

        Raises `ValueError` when `x` is not of shape `(in_channels, ...)` with
        `num_spatial_dims` further dimensions, `TypeError` when its dtype is not the weight's.
        """
        check_image(self, x, self.in_channels, self.num_spatial_dims, self.weight.dtype)
        return _convolve(
            self.weight,
            self.bias,
            x,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            padding_mode=self.padding_mode,
        )


@traced_once(static=("stride", "padding", "dilation", "groups", "padding_mode"))
def _convolve(
    weight: Inexact[Array, "out in_per_group *kernel"],
    bias: Inexact[Array, "out *ones"] | None,
    x: Inexact[Array, "in *spatial"],
    *,
    stride: tuple[int, ...],
    padding: str | Pads,
    dilation: tuple[int, ...],
    groups: int,
    padding_mode: str,
) -> Inexact[Array, "out *spatial"]:
    pads = explicit_pads(padding, x.shape[1:], weight.shape[2:], stride, dilation)
    if padding_mode != "ZEROS":
        x = jnp.pad(x, ((0, 0), *pads), mode=_PAD_MODES[padding_mode])
        pads = ((0, 0),) * len(pads)
    y = jax.lax.conv_general_dilated(
        x[None],
        weight,
        window_strides=stride,
        padding=pads,
        rhs_dilation=dilation,
        feature_group_count=groups,
    )
    y = jnp.squeeze(y, 0)
    return y if bias is None else y + bias


def check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    """Raise `ValueError` unless `groups` divides both numbers of channels."""
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if groups < 1 or channels % groups != 0:
            raise ValueError(
                f"`{name}` (={channels}) must be divisible by `groups` (={groups}): every group "
                f"takes as many channels. For a depthwise convolution, `groups=in_channels` and "
                "`out_channels` a multiple of it."
            )


class Conv1d(Conv):
    """A convolution over one dimension: `(channels, length)`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `Conv`."""
        super().__init__(
            1,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            use_bias,
            padding_mode,
            dtype,
            key=key,
        )


class Conv2d(Conv):
    """A convolution over two dimensions: `(channels, height, width)`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = (1, 1),
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = (0, 0),
        dilation: int | Sequence[int] = (1, 1),
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `Conv`."""
        super().__init__(
            2,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            use_bias,
            padding_mode,
            dtype,
            key=key,
        )


class Conv3d(Conv):
    """A convolution over three dimensions: `(channels, depth, height, width)`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = (1, 1, 1),
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = (0, 0, 0),
        dilation: int | Sequence[int] = (1, 1, 1),
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `Conv`."""
        super().__init__(
            3,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            use_bias,
            padding_mode,
            dtype,
            key=key,
        )
