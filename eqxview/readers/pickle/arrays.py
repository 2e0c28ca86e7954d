"""Arrays in a pickle, described while it is read."""

from eqxview.readers.described.descriptions import (
    ArrayDescription,
    DictItems,
    DTypeDescription,
)


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
