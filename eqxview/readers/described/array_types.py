"""What a described array comes to: its type, held against the bytes that are there."""

from math import prod
from typing import NamedTuple

from eqxview.readers.described.descriptions import ArrayDescription, OutOfBandBuffer, Payload
from eqxview.readers.described.dtypes import UNKNOWN_DTYPE, DTypeFacts, dtype_facts

MAX_DIMENSIONS = 64
"""NumPy has no arrays of more."""


class ArrayType(NamedTuple):
    """What a dtype and a shape come to, if they are taken at their word."""

    dtype: DTypeFacts
    shape: tuple[int, ...]
    """Empty if the file has something else in its place: then there is a `problem`."""
    elements: int
    """How many of them."""
    nbytes: int
    """Elements times item size."""
    problem: str | None
    """What is wrong with the shape, in one sentence; `None` if it is one."""


def array_type(dtype: object, shape: object) -> ArrayType:
    """The type of an array, from two things that a file says of it."""
    facts = dtype_facts(dtype)
    if type(shape) is not tuple or len(shape) > MAX_DIMENSIONS:
        return ArrayType(facts, (), 0, 0, "the array has no shape")
    for size in shape:
        if type(size) is not int or not 0 <= size < MAX_DIMENSION:
            return ArrayType(facts, (), 0, 0, "the array's shape is no shape")
    count = prod(shape)
    if count >= MAX_ELEMENTS:
        return ArrayType(facts, (), 0, 0, "the array's shape stands for more than any memory")
    return ArrayType(facts, shape, count, count * (facts.item_size or 0), None)


MAX_DIMENSION = 1 << 40
"""Larger numbers in a shape, next to a zero, could be chosen such that all shapes of a file
collide in a hash table."""
MAX_ELEMENTS = 1 << 62


def problem_of(array: ArrayDescription, kind: ArrayType) -> str | None:
    """What is wrong with `array`, in one sentence: its type, or the bytes that are there."""
    if kind.problem is not None:
        return kind.problem
    data = array.data
    if type(data) is bytes:
        least = present = len(data)
    elif type(data) is Payload:
        present = data.length
        # Bytes kept as text take one to two bytes each, and up to six as escapes.
        least = present // _STRETCH.get(data.encoding, 1)
    else:
        return _problem_of_objects(data, kind)
    if least <= kind.nbytes <= present and kind.dtype.item_size is not None:
        return None
    if kind.dtype.name == UNKNOWN_DTYPE:
        return "the array's dtype is no dtype"
    if kind.dtype.item_size is None:
        # A dtype that another library has added.
        return None if kind.elements <= present else _mismatch(kind.elements, present, "at least ")
    if kind.dtype.is_object and array.is_scalar:
        return None
    return _mismatch(kind.nbytes, present)


def _mismatch(declared: int, present: int, least: str = "") -> str:
    return f"its shape stands for {least}{declared:,} bytes, but {present:,} are there"


def _problem_of_objects(data: object, kind: ArrayType) -> str | None:
    if data is None:
        return "the array has no data"
    if type(data) is OutOfBandBuffer:
        # Nothing to hold it against: what is absurd must not be added to what is there.
        return None if kind.nbytes < 1 << 39 else "its shape stands for more than any memory"
    if type(data) is not list:
        return "the array's data are no bytes"
    if len(data) != kind.elements:
        return f"{kind.elements:,} objects are declared, {len(data):,} are there"
    return None


_STRETCH = {"latin1": 2, "escaped latin1": 6, "escaped": 6, "escaped bytes": 4}
