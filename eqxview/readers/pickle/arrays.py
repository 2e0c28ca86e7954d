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


class Facts(NamedTuple):
    """What an array's description comes to, if it is taken at its word."""

    dtype: DTypeFacts
    shape: tuple[int, ...] | None
    """`None` if it is no shape."""
    nbytes: int
    """As declared: elements times item size."""
    problem: str | None
    """What is wrong, in one sentence; `None` if the array is sound."""


def array_facts(array: ArrayDescription, dtype: DTypeFacts | None = None) -> Facts:
    """Type and size of `array`, its declaration held against the bytes that are there.

    `dtype` are the facts of its dtype, if they are known already.
    """
    if dtype is None:
        dtype = dtype_facts(array.dtype)
    shape = array.shape
    if type(shape) is not tuple or len(shape) > MAX_DIMENSIONS:
        return Facts(dtype, None, 0, "the array has no shape")
    for size in shape:
        if type(size) is not int or not 0 <= size < 1 << 62:
            return Facts(dtype, None, 0, "the array's shape is no shape")
    count = prod(shape)
    if count >= 1 << 62:
        return Facts(dtype, None, 0, "the array's shape stands for more than any memory")
    return Facts(dtype, shape, count * (dtype.item_size or 0), _problem(array, dtype, count))


def _problem(array: ArrayDescription, dtype: DTypeFacts, count: int) -> str | None:
    data = array.data
    if array.data is None:
        return "the array has no data"
    if type(data) is OutOfBandBuffer:
        return None
    if type(data) is list:
        if len(data) != count:
            return f"{count:,} objects are declared, {len(data):,} are there"
        return None
    if dtype.name == UNKNOWN_DTYPE:
        return "the array's dtype is no dtype"
    if dtype.item_size is None or (dtype.is_object and array.is_scalar):
        return None
    declared = count * dtype.item_size
    if type(data) is bytes:
        present = least = len(data)
    elif type(data) is Payload:
        present = data.length
        # Bytes kept as text take one to two bytes each, and up to six as escapes.
        least = present // _STRETCH.get(data.encoding, 1)
    else:
        return "the array's data are no bytes"
    if least <= declared <= present:
        return None
    return f"its shape stands for {declared:,} bytes, but {present:,} are there"


_STRETCH = {"latin1": 2, "escaped latin1": 6, "escaped": 6, "escaped bytes": 4}
