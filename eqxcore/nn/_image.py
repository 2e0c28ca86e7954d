"""What convolutions and pooling take: one image, channels first."""

from typing import Any

import jax.numpy as jnp

from eqxcore._module import Module
from eqxcore.nn._called_as import called_as


def check_image(
    layer: Module, x: Any, channels: int | None, num_spatial_dims: int, dtype: Any = None
) -> None:
    """Raise unless `x` is one image, of so many `channels` (any for `None`) and this `dtype`.

    `ValueError` for a wrong shape, `TypeError` for a wrong dtype, both saying what to do.
    """
    shape = jnp.shape(x)
    rank = num_spatial_dims + 1
    expected = f"({'channels' if channels is None else channels}{', ...' * num_spatial_dims})"
    if len(shape) != rank:
        message = (
            f"Input to {called_as(layer)} needs to have rank {rank}, but input has shape "
            f"{shape}; expected one image, channels first, of shape {expected}."
        )
        if len(shape) == rank + 1:
            message += " For a batch of images, use `jax.vmap(layer)(x)`."
        elif len(shape) == rank - 1:
            message += " If it is the channel axis that is missing, use `x[None]`."
        raise ValueError(message)
    if channels is not None and shape[0] != channels:
        message = (
            f"Input to {called_as(layer)} has shape {shape}, {shape[0]} channels; expected "
            f"{channels}, as the first axis: {expected}."
        )
        if shape[-1] == channels:
            message += " If the channels are last, use `jnp.moveaxis(x, -1, 0)`."
        raise ValueError(message)
    if dtype is not None and jnp.result_type(x) != dtype:
        raise TypeError(
            f"Input to {called_as(layer)} has dtype {jnp.result_type(x)}, its weight {dtype}; "
            f"a convolution does not promote. Use `layer(x.astype({jnp.dtype(dtype).name!r}))`."
        )
