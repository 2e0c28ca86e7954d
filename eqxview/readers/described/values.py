"""Values of arrays in a file: one array's bytes are read from the file when asked for."""

import codecs
from collections.abc import Callable
from math import prod
from typing import Any

from eqxview.errors import EqxviewError, UnreadableFile
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.described.descriptions import (
    ArrayDescription,
    Call,
    DictItems,
    DTypeDescription,
    Payload,
)
from eqxview.readers.described.dtypes import ML_DTYPES, dtype_facts
from eqxview.tree.callable_content import CallableContent
from eqxview.tree.columns import NOTHING, Tree

ContentOf = Callable[[Call, Callable[[Payload], bytes]], CallableContent]


class StoredValues:
    """Fetches arrays from the file that a tree was read from."""

    def __init__(
        self, reopen: Callable[[], ByteSource], content_of: ContentOf | None = None
    ) -> None:
        self._reopen = reopen
        self._content_of = content_of
        """Says what a callable is made of, in files that hold more of one than its name."""
        self._kept: list[tuple[object, object, str | None, bool]] = []
        self._stored_shapes: dict[int, tuple[int, ...]] = {}
        self._callables: list[Call] = []

    def remember(
        self,
        array: ArrayDescription,
        problem: str | None,
        stored_shape: tuple[int, ...] | None = None,
    ) -> int:
        """A handle for `array`; `problem` says why its values cannot be had, if they cannot.

        `stored_shape` is its shape in the file, if the tree shows another one.
        """
        if stored_shape is not None:
            self._stored_shapes[len(self._kept)] = stored_shape
        self._kept.append((array.data, array.dtype, problem, array.is_fortran))
        return len(self._kept) - 1

    def remember_callable(self, call: Call) -> int:
        """A handle for a callable whose content is in the file."""
        self._callables.append(call)
        return len(self._callables) - 1

    def callable_content(self, tree: Tree, row: int) -> CallableContent | None:
        """What the function at `row` is made of; `None` where the file has but its name."""
        handle = tree.handle[row]
        if self._content_of is None or handle == NOTHING or tree.shape[row] != NOTHING:
            return None
        return self._content_of(self._callables[handle], self._read)

    def fetch(self, tree: Tree, row: int) -> object:
        """The array at `row` as a NumPy array, read from the file; a copy, and writable.

        Of typed PRNG keys these are their bits.
        """
        handle = tree.handle[row]
        where = tree.path(row) or "the root"
        shape = tree.array_shape(row)
        if handle == NOTHING or shape is None:
            raise UnreadableFile(f"{where} is no array of this file")
        data, dtype, problem, is_fortran = self._kept[handle]
        shape = self._stored_shapes.get(handle, shape)
        if problem is not None:
            raise UnreadableFile(f"the array at {where} cannot be read: {problem}")
        try:
            return self._decoded(data, dtype, shape, is_fortran=is_fortran)
        except (ValueError, TypeError, MemoryError, LookupError, UnicodeError) as error:
            raise UnreadableFile(
                f"the array at {where} cannot be read: {type(error).__name__}: {error}"
            ) from None

    def _decoded(
        self, data: object, dtype: object, shape: tuple[int, ...], *, is_fortran: bool
    ) -> object:
        import numpy as np

        if type(data) is list:
            return _from_objects(data, dtype, shape)
        if type(data) is Payload:
            data = self._read(data)
        if type(data) is not bytes:
            raise UnreadableFile(
                "the bytes of the array are not in the file: they were kept in a buffer beside it"
            )
        numpy_type = numpy_dtype(dtype)
        count = prod(shape)
        if numpy_type.hasobject:
            raise UnreadableFile("the items of the array are objects, which are not built")
        if numpy_type.itemsize == 0 or count == 0:
            return np.zeros(shape, numpy_type)
        flat = np.frombuffer(data, numpy_type, count)
        return flat.reshape(shape, order="F" if is_fortran else "C").copy(order="K")

    def _read(self, payload: Payload) -> bytes:
        source = self._reopen()
        try:
            stored = source.read_at(payload.offset, payload.length)
        finally:
            source.close()
        if len(stored) < payload.length:
            raise UnreadableFile(
                "the file has become shorter since it was opened", hint="open it again"
            )
        return decoded(stored, payload.encoding)


def decoded(stored: bytes, encoding: str) -> bytes:
    """The bytes that a payload stands for."""
    match encoding:
        case "bytes" | "bytearray":
            return stored
        case "latin1":
            return stored.decode("utf-8", "surrogatepass").encode("latin-1")
        case "escaped latin1":
            return codecs.raw_unicode_escape_decode(stored)[0].encode("latin-1")
        case "escaped bytes":
            return codecs.escape_decode(stored.strip()[1:-1])[0]  # pyright: ignore[reportAttributeAccessIssue]
    raise UnreadableFile(f"the data of the array are stored as {encoding}, not as bytes")


def _from_objects(data: list[Any], dtype: object, shape: tuple[int, ...]) -> object:
    import numpy as np

    if dtype_facts(dtype).name == "StringDType()" and all(type(item) is str for item in data):
        return np.array(data, np.dtypes.StringDType()).reshape(shape)
    raise UnreadableFile("the items of the array are objects, which are not built")


def numpy_dtype(dtype: object, depth: int = 0) -> Any:
    """The NumPy dtype that is described; `ValueError` where that is none.

    Imports NumPy, and for its dtypes `ml_dtypes`: both ours, whatever the file names.
    """
    import numpy as np

    facts = dtype_facts(dtype)
    if facts.code in ML_DTYPES:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, facts.code))
    if facts.code:
        return np.dtype(facts.code)
    if type(dtype) is not DTypeDescription or dtype.state is None or depth > 16:
        raise ValueError("the dtype is not known")
    _, _, subarray, names, fields, *_ = dtype.state
    if type(subarray) is tuple and len(subarray) == 2:
        return np.dtype((numpy_dtype(subarray[0], depth + 1), subarray[1]))
    if type(names) is not tuple or type(fields) is not DictItems:
        raise ValueError("the dtype is not known")
    by_name: dict[object, Any] = {key: item for key, item in fields.pairs if type(key) is str}
    columns = [by_name[name] for name in names]
    described: dict[str, Any] = {
        "names": list(names),
        "formats": [numpy_dtype(column[0], depth + 1) for column in columns],
        "offsets": [column[1] for column in columns],
        "titles": [column[2] if len(column) > 2 else None for column in columns],
        "itemsize": facts.item_size,
    }
    return np.dtype(described)  # pyright: ignore[reportCallIssue,reportArgumentType]


def reopened(path: str, open_again: Callable[[], ByteSource], opened: object) -> ByteSource:
    """The file once more; raises `UnreadableFile` if it is not the one that was read."""
    source = open_again()
    if getattr(source, "identity", None) != opened:
        source.close()
        raise EqxviewError(f"'{path}' has changed since it was opened", hint="open it again")
    return source
