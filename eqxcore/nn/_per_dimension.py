"""Arguments given once, or once for each spatial dimension."""

from collections.abc import Sequence
from typing import Any


def per_dimension(name: str, value: Any, num_spatial_dims: int) -> tuple[Any, ...]:
    """`value` for each of `num_spatial_dims` dimensions: repeated, or the sequence as a tuple.

    Raises `ValueError`, calling it `name`, if it is a sequence of another length.
    """
    if not isinstance(value, Sequence):
        return (value,) * num_spatial_dims
    if len(value) != num_spatial_dims:
        raise ValueError(
            f"`{name}` is {value!r}, of length {len(value)}; expected {num_spatial_dims}, one for "
            f"each spatial dimension, or a single number for all. Is it the right layer "
            f"for this many dimensions?"
        )
    return tuple(value)
