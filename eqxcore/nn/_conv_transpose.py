"""Transposed convolutions over any number of spatial dimensions."""

from collections.abc import Sequence
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._conv import check_groups
from eqxcore.nn._image import check_image
from eqxcore.nn._padding import Pads, canonical_padding, canonical_padding_mode
from eqxcore.nn._parameters import weight_and_bias
from eqxcore.nn._per_dimension import per_dimension
from eqxcore.nn._traced_once import traced_once


class ConvTranspose(Module):
    """The transpose of a convolution: with a stride, it makes images larger.

    It takes images of the shape that a `Conv` of the same sizes gives to images of the shape
    which that `Conv` takes; where several are possible, `output_padding` chooses a larger one.
    Its weight is laid out as a `Conv`'s of its own channels, the kernel not flipped. Works on
    one image, channels first; for a batch, `jax.vmap(layer)(batch)`.
    """

    num_spatial_dims: int = field(static=True)
    weight: Inexact[Array, "out in_per_group *kernel"]
    bias: Inexact[Array, "out *ones"] | None
    in_channels: int = field(static=True)
    out_channels: int = field(static=True)
    kernel_size: tuple[int, ...] = field(static=True)
    stride: tuple[int, ...] = field(static=True)
    padding: str | Pads = field(static=True)
    output_padding: tuple[int, ...] = field(static=True)
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
        output_padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `Conv`; `padding` is that of the convolution transposed, so it makes images smaller.

        `output_padding`, less than the stride, is added at the end of each dimension.
        `padding_mode="CIRCULAR"` wants `"SAME"` or `"SAME_LOWER"`, and no `output_padding`.

        Raises `ValueError` where these do not fit together, `NotImplementedError` for other
        modes.
        """
        check_groups(in_channels, out_channels, groups)
        self.kernel_size = per_dimension("kernel_size", kernel_size, num_spatial_dims)
        self.stride = per_dimension("stride", stride, num_spatial_dims)
        self.output_padding = per_dimension("output_padding", output_padding, num_spatial_dims)
        self.dilation = per_dimension("dilation", dilation, num_spatial_dims)
        self.padding = canonical_padding(padding, num_spatial_dims)
        self.padding_mode = canonical_padding_mode(padding_mode)
        if any(o >= s for o, s in zip(self.output_padding, self.stride, strict=True)):
            raise ValueError(
                f"`output_padding` is {self.output_padding} and `stride` {self.stride}; must have "
                "`output_padding < stride` in each dimension, for it only chooses between the "
                "sizes that the stride leaves open."
            )
        _check_implemented(self.padding_mode, self.padding, self.output_padding)
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

    @jax.named_scope("eqx.nn.ConvTranspose")
    def __call__(
        self, x: Inexact[Array, "in *spatial"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, "out *spatial"]:
        """The output, of shape `(out_channels, ...)`. `key` is ignored.

        Raises `ValueError` when `x` is not of shape `(in_channels, ...)` with
        `num_spatial_dims` further dimensions, `TypeError` when its dtype is not the weight's.
        """
        check_image(self, x, self.in_channels, self.num_spatial_dims, self.weight.dtype)
        return _convolve_transposed(
            self.weight,
            self.bias,
            x,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
            circular=self.padding_mode == "CIRCULAR",
        )


@traced_once(static=("stride", "padding", "output_padding", "dilation", "groups", "circular"))
def _convolve_transposed(
    weight: Inexact[Array, "out in_per_group *kernel"],
    bias: Inexact[Array, "out *ones"] | None,
    x: Inexact[Array, "in *spatial"],
    *,
    stride: tuple[int, ...],
    padding: str | Pads,
    output_padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    circular: bool,
) -> Inexact[Array, "out *spatial"]:
    # `stride - 1` zeros go between the pixels; then it is a convolution of stride 1.
    pads = _pads(padding, weight.shape[2:], stride, output_padding, dilation)
    if circular:
        # Whole strides of padding are pixels from the other end. What is left over of them lies
        # between two pixels, where there are zeros anyway.
        around, pads = (part.tolist() for part in np.divmod(pads, np.array(stride)[:, None]))
        x = jnp.pad(x, ((0, 0), *around), mode="wrap")
    y = jax.lax.conv_general_dilated(
        x[None],
        weight,
        window_strides=(1,) * len(stride),
        padding=pads,
        lhs_dilation=stride,
        rhs_dilation=dilation,
        feature_group_count=groups,
    )
    y = jnp.squeeze(y, 0)
    return y if bias is None else y + bias


def _pads(
    padding: str | Pads,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    output_padding: Sequence[int],
    dilation: Sequence[int],
) -> list[tuple[int, int]]:
    """What the transposed convolution adds before and after its spread-out input.

    The convolution being transposed pads by `before` and `after`; where its kernel reaches
    `reach` beyond a pixel, the transpose adds `reach - before` and `reach - after`, and
    `output_padding` at the end. For `"SAME"`, that convolution takes images of `stride` times
    the size less `output_padding`, and pads by what that needs.
    """
    pads = []
    for place, (kernel, step, extra, spread) in enumerate(
        zip(kernel_size, stride, output_padding, dilation, strict=True)
    ):
        reach = spread * (kernel - 1)
        if padding == "VALID":
            pads.append((reach, reach + extra))
        elif isinstance(padding, str):
            total = reach + 1 - step + extra
            # A kernel shorter than its stride needs none, and skips pixels at the end.
            less = max(total, 0) // 2
            before = less if padding == "SAME" else max(total, 0) - less
            pads.append((reach - before, reach - (total - before)))
        else:
            before, after = padding[place]
            pads.append((reach - before, reach - after + extra))
    return pads


def _check_implemented(
    padding_mode: str, padding: str | Pads, output_padding: tuple[int, ...]
) -> None:
    if padding_mode in ("REFLECT", "REPLICATE"):
        raise NotImplementedError(
            f"`padding_mode` is {padding_mode!r}, which is not implemented for transposed "
            "convolutions; use `'ZEROS'` or `'CIRCULAR'`."
        )
    if padding_mode == "CIRCULAR":
        if padding not in ("SAME", "SAME_LOWER"):
            raise NotImplementedError(
                f"`padding_mode` is 'CIRCULAR' and `padding` {padding!r}; it is only implemented "
                "for `padding='SAME'` and `'SAME_LOWER'`."
            )
        if any(output_padding):
            raise NotImplementedError(
                f"`padding_mode` is 'CIRCULAR' and `output_padding` {output_padding}; it is only "
                "implemented for an `output_padding` of 0."
            )


class ConvTranspose1d(ConvTranspose):
    """A transposed convolution over one dimension: `(channels, length)`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        output_padding: int | Sequence[int] = 0,
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `ConvTranspose`; note that `output_padding` comes before `padding` here."""
        super().__init__(
            1,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            use_bias,
            padding_mode,
            dtype,
            key=key,
        )


class ConvTranspose2d(ConvTranspose):
    """A transposed convolution over two dimensions: `(channels, height, width)`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = (1, 1),
        output_padding: int | Sequence[int] = (0, 0),
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = (0, 0),
        dilation: int | Sequence[int] = (1, 1),
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `ConvTranspose`; note that `output_padding` comes before `padding` here."""
        super().__init__(
            2,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            use_bias,
            padding_mode,
            dtype,
            key=key,
        )


class ConvTranspose3d(ConvTranspose):
    """A transposed convolution over three dimensions: `(channels, depth, height, width)`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = (1, 1, 1),
        output_padding: int | Sequence[int] = (0, 0, 0),
        padding: str | int | Sequence[int] | Sequence[tuple[int, int]] = (0, 0, 0),
        dilation: int | Sequence[int] = (1, 1, 1),
        groups: int = 1,
        use_bias: bool = True,
        padding_mode: str = "ZEROS",
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """As `ConvTranspose`; note that `output_padding` comes before `padding` here."""
        super().__init__(
            3,
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            use_bias,
            padding_mode,
            dtype,
            key=key,
        )
