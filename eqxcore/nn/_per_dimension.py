"""Arguments given once, or once for each spatial dimension."""

from collections.abc import Sequence
from operator import index
from typing import SupportsIndex


def per_dimension(
    name: str, value: SupportsIndex | Sequence[SupportsIndex], num_spatial_dims: int
) -> tuple[int, ...]:
    """`value` for each of `num_spatial_dims` dimensions: repeated, or the sequence as a tuple.

    Raises `ValueError`, calling it `name`, if it is a sequence of another length, `TypeError` if
    it is made of other things than integers.
    """
    if not isinstance(value, Sequence):
        return (index(value),) * num_spatial_dims
    if len(value) != num_spatial_dims:
        raise ValueError(
            f"`{name}` is {value!r}, of length {len(value)}; expected {num_spatial_dims}, one for "
            f"each spatial dimension, or a single number for all. Is it the right layer "
            f"for this many dimensions?"
        )
    # Python integers, for they become static fields, which NumPy's do not make good ones.
    return tuple(index(size) for size in value)
