"""How one leaf is written and read, unless a program says otherwise."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from eqxcore._predicates import is_array

from ._npy import Readable, Writable, is_key, key_impl, read_record, with_dtype, write_record

_NUMBERS = (bool, int, float, complex)


def default_serialise_filter_spec(f: Writable, x: Any) -> None:
    """Writes an array or a Python number to the file `f`; nothing for any other leaf.

    One `.npy` record. Of typed PRNG keys, their bits. Raises `TypeError` for a
    `jax.ShapeDtypeStruct`, which has no values, and for what could only be pickled.

    A `filter_spec` of your own may fall back on it:

        def skip_keys(f, x):
            if not jnp.issubdtype(getattr(x, "dtype", int), jax.dtypes.prng_key):
                eqx.default_serialise_filter_spec(f, x)
    """
    if isinstance(x, jax.ShapeDtypeStruct):
        raise TypeError(
            f"{x} has no values to save. Expected an array: an abstract model, as "
            "`filter_eval_shape` makes it, is what a file is loaded into"
        )
    if is_array(x) or isinstance(x, _NUMBERS):
        write_record(f, x)


def default_deserialise_filter_spec(f: Readable, x: Any) -> Any:
    """The leaf that the next record of `f` stands for, if `x` is an array or a number; else `x`.

    It is of the kind of `x`: a JAX array, a NumPy array or scalar, a Python number. For a
    `jax.ShapeDtypeStruct` it is a JAX array; for typed PRNG keys, keys of the same implementation.

    Raises `ValueError` when no record is there, it breaks off, or its number cannot be had in
    the type of `x` without a change of its value.
    """
    if isinstance(x, (jax.Array, jax.ShapeDtypeStruct)):
        if is_key(x):
            return jax.random.wrap_key_data(jnp.asarray(read_record(f)), impl=key_impl(x))
        array = with_dtype(read_record(f), x.dtype)
        # Raw bytes are no array to JAX: they are told apart, and refused, by whoever asked.
        return array if array.dtype.kind == "V" and array.dtype != x.dtype else jnp.asarray(array)
    if isinstance(x, np.ndarray):
        return with_dtype(read_record(f), x.dtype)
    if isinstance(x, np.generic):
        array = with_dtype(read_record(f), x.dtype)
        return array[()] if array.ndim == 0 else array
    if isinstance(x, _NUMBERS):
        return number_of(read_record(f), type(x))
    return x


def number_of(array: np.ndarray[Any, Any], kind: type) -> Any:
    """The Python number of type `kind` that a record stands for.

    Raises `ValueError` when it would not be the same number any more, such as 3.5 as an `int`.
    """
    if array.ndim != 0:
        raise ValueError(
            f"a {kind.__name__} was expected, and an array of shape {array.shape} is there"
        )
    found = array.item()
    if isinstance(found, _NUMBERS) and not (isinstance(found, complex) and kind is not complex):
        number = kind(found)
        if number == found or (number != number and found != found):
            return number
    raise ValueError(
        f"{found!r} of dtype {array.dtype} is in the file, which is no {kind.__name__}; change the "
        "leaf of `like` to a number of that type"
    )
