"""What recurrent cells have in common."""

from math import sqrt
from typing import Any

import jax.numpy as jnp

from eqxcore._module import Module
from eqxcore.nn._called_as import called_as
from eqxcore.nn._parameters import refuse_negative


def recurrent_limit(hidden_size: int) -> float:
    """The bound of the initial weights of a cell: one over the root of `hidden_size`.

    Raises `ValueError` when it is negative.
    """
    refuse_negative((hidden_size,))
    # Rounded as Equinox does for cells; `1 / sqrt(n)`, as for `Linear`, differs in the last bit of
    # a float64 for one size in three.
    return sqrt(1 / hidden_size)


def check_vector(cell: Module, name: str, x: Any, size: int) -> None:
    """Raise `ValueError` unless `x` is of shape `(size,)`."""
    shape = jnp.shape(x)
    if shape == (size,):
        return
    message = f"{called_as(cell)} got `{name}` of shape {shape}; expected shape ({size},)."
    if len(shape) == 2 and shape[1] == size:
        message += (
            " If the first axis is time, step along it with `jax.lax.scan`; if it is a batch, use "
            "`jax.vmap(cell)`."
        )
    raise ValueError(message)
