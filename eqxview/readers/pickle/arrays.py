"""Arrays in a pickle: described while it is read, and what the description comes to."""

from math import prod
from typing import NamedTuple

from eqxview.readers.pickle.descriptions import (
    ArrayDescription,
    DictItems,
    DTypeDescription,
    OutOfBandBuffer,
    Payload,
)
from eqxview.readers.pickle.dtypes import UNKNOWN_DTYPE, DTypeFacts, dtype_facts

MAX_DIMENSIONS = 64
"""NumPy has no arrays of more."""


def fill_array(
    array: ArrayDescription, shape: object, dtype: object, is_fortran: object, data: object
) -> None:
    """Give `array` the state that NumPy pickles."""
    array.shape = shape
    array.dtype = dtype
    array.is_fortran = is_fortran is True or (type(is_fortran) is int and is_fortran == 1)
    array.data = _as_bytes(data)


def jax_array(array_class: object, state: object, aval: object) -> ArrayDescription | None:
    """An array of JAX: NumPy's state, and the weak type."""
    if type(state) is not tuple or len(state) not in (4, 5) or type(aval) is not DictItems:
        return None
    array = ArrayDescription("jax")
    array.array_class = array_class
    fill_array(array, *state[-4:])
    for key, value in aval.pairs:
        if type(key) is str and key == "weak_type":
            array.is_weak = value is True
    return array


def numpy_buffer(data: object, dtype: object, shape: object, order: object) -> ArrayDescription:
    """An array as NumPy pickles it with protocol 5, by its buffer."""
    array = ArrayDescription("numpy")
    fill_array(array, shape, dtype, type(order) is str and order == "F", data)
    return array


def numpy_scalar(dtype: object, data: object) -> ArrayDescription | None:
    """A NumPy scalar."""
    if type(dtype) is not DTypeDescription:
        return None
    array = ArrayDescription("numpy")
    fill_array(array, (), dtype, False, data)
    array.is_scalar = True
    return array


def _as_bytes(data: object) -> object:
    if type(data) is str:
        # Python 2 wrote its byte strings as this.
        try:
            return data.encode("latin-1")
        except UnicodeEncodeError:
            return data
    return data


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
