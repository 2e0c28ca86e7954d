"""Some of a list: those at the places where a mask of booleans is true."""

from collections.abc import Sequence
from typing import Any


def pick(mask: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    """The values at the places where the mask is true."""
    return [x for is_one, x in zip(mask, values, strict=True) if is_one]


def fill(mask: Sequence[bool], some: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """The values, with those of `some` in turn at the places where the mask is true."""
    rest = iter(some)
    return [next(rest) if is_one else x for is_one, x in zip(mask, values, strict=True)]


def union(one: Sequence[bool], other: Sequence[bool]) -> list[bool]:
    """True where either is."""
    return [a or b for a, b in zip(one, other, strict=True)]
