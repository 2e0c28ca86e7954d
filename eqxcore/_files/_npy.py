"""One `.npy` record of a file: an array behind a header that says its dtype and shape."""

import io
import math
import tokenize
from typing import Any, Protocol, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.lib import format as npy

# What is declared and not there is found out before it is allocated, where the file can tell.
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}

Bytes_contra = TypeVar("Bytes_contra", contravariant=True)
Bytes_co = TypeVar("Bytes_co", covariant=True)


class SupportsWrite(Protocol[Bytes_contra]):
    """What can be written to: a file that was opened with `"wb"`."""

    def write(self, s: Bytes_contra, /) -> object:
        """Appends."""
        ...


class SupportsReadSeek(Protocol[Bytes_co]):
    """What can be read from: a file that was opened with `"rb"`."""

    def read(self, length: int = ..., /) -> Bytes_co:
        """The next `length` bytes, fewer at the end."""
        ...

    def seek(self, offset: int, whence: int = ..., /) -> object:
        """Goes to another place."""
        ...


Writable: TypeAlias = SupportsWrite[bytes]
Readable: TypeAlias = SupportsReadSeek[bytes]


def is_key(array: Any) -> bool:
    """Whether an array is one of typed PRNG keys."""
    return jnp.issubdtype(array.dtype, jax.dtypes.prng_key)


def key_impl(like: Any) -> str:
    """The name of the implementation of the keys `like`, which may be abstract."""
    # Of an abstract array JAX does not tell; and an empty one is soon made.
    return str(jax.random.key_impl(jnp.empty((0,), like.dtype)))


def stored(array: Any) -> np.ndarray[Any, Any]:
    """What is written for an array or a Python number, as a NumPy array; of keys, their bits.

    Raises `TypeError` for a number that no NumPy dtype holds, and whatever JAX raises for an
    array that has no values: a tracer, or one that was donated.
    """
    if isinstance(array, jax.Array) and is_key(array):
        array = jax.random.key_data(array)
    result = np.asarray(array)
    if result.dtype.hasobject:
        raise TypeError(
            f"{array!r} is no number that NumPy can store: its dtype would be {result.dtype}. "
            "Expected 64 bits at most, and no objects, which could only be pickled"
        )
    return result


def write_record(file: Writable, array: Any) -> None:
    """Writes an array or a Python number as `numpy.save` does."""
    npy.write_array(file, stored(array), allow_pickle=False)  # type: ignore[arg-type]


def read_record(file: Readable) -> np.ndarray[Any, Any]:
    """The array of the record at which `file` stands.

    Raises `ValueError` when no record is there, or it breaks off. Never unpickles.
    """
    magic = file.read(npy.MAGIC_LEN)
    while 0 < len(magic) < npy.MAGIC_LEN and (piece := file.read(npy.MAGIC_LEN - len(magic))):
        magic += piece  # a stream may give less than it is asked for
    header = _read_header(magic, file)
    if header is None:
        return npy.read_array(_Rejoined(magic, file), allow_pickle=False)  # type: ignore[arg-type]
    shape, is_fortran, dtype = header
    nbytes = math.prod(shape) * dtype.itemsize
    present = _remaining(file)
    if present is not None and present < nbytes:
        raise ValueError(_breaks_off(nbytes, present))
    data = np.empty(nbytes, np.uint8)
    _fill(file, data.data)
    return np.ndarray(shape, dtype, data.data, order="F" if is_fortran else "C")


def array_in(record: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array of a whole record that has been read, as bytes; its memory is used again.

    Raises `ValueError` when it is no record, or shorter or longer than it declares.
    """
    file = io.BytesIO(record[:_LONGEST_HEADER].tobytes())
    header = _read_header(file.read(npy.MAGIC_LEN), file)
    if header is None:
        return npy.read_array(io.BytesIO(record.tobytes()), allow_pickle=False)
    shape, is_fortran, dtype = header
    nbytes, offset = math.prod(shape) * dtype.itemsize, file.tell()
    if len(record) - offset != nbytes:
        raise ValueError(_breaks_off(nbytes, len(record) - offset))
    return np.ndarray(shape, dtype, record.data, offset, order="F" if is_fortran else "C")


def _read_header(magic: bytes, file: Readable) -> tuple[tuple[int, ...], bool, Any] | None:
    """(shape, is column-major, dtype), of the header behind `magic`.

    `None` for a header of 2018, for dtypes whose fields have names outside of ASCII: NumPy reads
    that with the data, or not at all.
    """
    if not magic:
        raise ValueError("the file has ended: there is no record")
    if len(magic) < npy.MAGIC_LEN or not magic.startswith(npy.MAGIC_PREFIX):
        raise ValueError(f"no record is there: it begins with {magic!r}")
    read_header = _HEADERS.get((magic[-2], magic[-1]))
    if read_header is None:
        return None
    try:
        shape, is_fortran, dtype = read_header(file)  # type: ignore[arg-type]
    except _BAD_HEADER as error:
        raise ValueError(f"the header of the record cannot be read ({error})") from None
    if dtype.hasobject:
        raise ValueError(
            "the record holds Python objects, which could only be unpickled, and a pickle may "
            "run code"
        )
    if any(size < 0 for size in shape) or dtype.subdtype is not None:
        raise ValueError(f"the record declares the shape {shape} and the dtype {dtype}")
    return shape, is_fortran, dtype


# A header is a Python literal, and what is none fails in as many ways as Python has. NumPy then
# takes it for one of Python 2, and warns.
_BAD_HEADER = (
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    MemoryError,
    TypeError,
    UserWarning,
)

# The length of one stands in two bytes, or, for a dtype of thousands of fields, in four.
_LONGEST_HEADER = 1 << 20


def _breaks_off(declared: int, present: int) -> str:
    return f"the record breaks off: {declared:,} bytes are declared, {present:,} there"


def with_dtype(array: np.ndarray[Any, Any], dtype: Any) -> np.ndarray[Any, Any]:
    """`array`, and if its dtype has been lost, with `dtype`.

    NumPy stores `bfloat16` and its like as so many bytes without a meaning.
    """
    if array.dtype.kind == "V" and array.dtype.names is None and _is_extended(dtype):
        dtype = np.dtype(dtype)
        if array.dtype.itemsize == dtype.itemsize and array.dtype.subdtype is None:
            return array.view(dtype)
    return array


def _is_extended(dtype: Any) -> bool:
    """Whether the dtype is one that was added to NumPy's own, as those of `ml_dtypes` are."""
    return isinstance(dtype, np.dtype) and dtype.isbuiltin == 2


class _Rejoined:
    """A file, with bytes that were read from it put back in front."""

    def __init__(self, front: bytes, file: Readable) -> None:
        self._front = front
        self._file = file

    def read(self, length: int = -1) -> bytes:
        """The next bytes, perhaps fewer than there are."""
        if self._front:
            piece, self._front = self._front[:length], self._front[length:]
            return piece
        return self._file.read(length)


def _remaining(file: Any) -> int | None:
    """Bytes between here and the end; `None` where the file cannot tell."""
    try:
        here = file.tell()
        end = file.seek(0, io.SEEK_END)
        file.seek(here)
    except (AttributeError, OSError):
        return None
    return end - here if isinstance(end, int) else None


def _fill(file: Any, view: memoryview) -> None:
    """Reads until `view` is full; raises `ValueError` when the file ends before."""
    done = 0
    while done < len(view):
        if hasattr(file, "readinto"):
            count = file.readinto(view[done:])
        else:
            piece = file.read(min(len(view) - done, _PIECE))
            count = len(piece)
            view[done : done + count] = piece
        if not count:
            raise ValueError(_breaks_off(len(view), done))
        done += count


_PIECE = 1 << 24
