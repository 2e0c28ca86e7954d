"""What recurrent cells take: one vector each time."""

from typing import Any

import jax.numpy as jnp


def check_vector(cell: str, name: str, x: Any, size: int) -> None:
    """Raise `ValueError` unless `x` is of shape `(size,)`."""
    shape = jnp.shape(x)
    if shape == (size,):
        return
    message = f"`{cell}` got `{name}` of shape {shape}; expected shape ({size},)."
    if len(shape) == 2 and shape[1] == size:
        message += (
            " If the first axis is time, step along it with `jax.lax.scan`; if it is a batch, use "
            "`jax.vmap(cell)`."
        )
    raise ValueError(message)
