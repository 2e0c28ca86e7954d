"""`left_broadcast_to`: broadcasting that lines up the first axes, not the last."""

import jax.numpy as jnp
from jaxtyping import Array, Shaped


def left_broadcast_to(arr: Shaped[Array, "..."], shape: tuple[int, ...]) -> Shaped[Array, "..."]:
    """`arr` broadcast to `shape`, with new axes added on its right.

    `(3,)` to `(3, 2)` repeats each element twice; NumPy would refuse. Raises `ValueError` if
    `arr` has more axes than `shape`, or one of another length (unless of length 1).
    """
    if arr.ndim > len(shape):
        raise ValueError(
            f"`left_broadcast_to` got an array of shape {arr.shape} to broadcast to {shape}, "
            "which has fewer axes. Expected at least as many."
        )
    for axis, (have, want) in enumerate(zip(arr.shape, shape, strict=False)):
        if have not in (1, want):
            raise ValueError(
                f"`left_broadcast_to` cannot broadcast shape {arr.shape} to {shape}: axis {axis} "
                f"has length {have}. Expected {want} or 1."
            )
    return jnp.broadcast_to(arr.reshape(arr.shape + (1,) * (len(shape) - arr.ndim)), shape)
