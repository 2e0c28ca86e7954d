"""Says what each description in a pickle is: the table of everything that is recognised.

First match wins. What a file may hold a hundred thousand of (arrays, numbers, containers)
is told by the class of its description; what a call stands for is asked of the recognisers
in `recognise/`, in their order.
"""

from collections.abc import Callable

from eqxview.readers.described.array_types import ArrayType, array_type, problem_of
from eqxview.readers.described.descriptions import (
    ArrayDescription,
    BrokenOff,
    Call,
    DictItems,
    DTypeDescription,
    Extension,
    OutOfBandBuffer,
    Payload,
    PersistentId,
    Reference,
    SetItems,
    reference_text,
)
from eqxview.readers.described.dtypes import dtype_facts
from eqxview.readers.described.prng_keys import prng_keys
from eqxview.readers.described.values import StoredValues
from eqxview.tree.columns import ArrayFacts
from eqxview.tree.containers import list_sight, none_sight, tuple_sight
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import MAX_VALUE_TEXT, primitive_text
from eqxview.tree.walk import Child, Sight

Recogniser = Callable[[object], Sight | None]


class Look:
    """Says what a description is: one level."""

    def __init__(
        self,
        values: StoredValues,
        recognise: Recogniser,
        *,
        has_content: Callable[[object], bool] = lambda description: False,
    ) -> None:
        self._values = values
        self._has_content = has_content
        """Says whether the file holds more of a callable than its name."""
        self._recognise = recognise
        """Says what calls, references, dicts and sets are; `None` for what it does not know."""
        # Thousands of arrays are alike. What a key is made of is kept with it, so that the ids
        # stay their own.
        self._arrays: dict[object, tuple[object, ArrayType, Sight]] = {}
        self._types: dict[tuple[int, int], tuple[object, object, ArrayType]] = {}
        self._by_class: dict[type, Callable[..., Sight]] = {
            type(None): lambda _: none_sight(),
            list: list_sight,
            tuple: tuple_sight,
            bool: _primitive,
            int: _primitive,
            float: _primitive,
            complex: _primitive,
            str: _primitive,
            bytes: _primitive,
            Payload: _payload,
            ArrayDescription: self._array,
            Call: self._call,
            DTypeDescription: _dtype,
            PersistentId: _persistent,
            Extension: _extension,
            OutOfBandBuffer: _buffer,
            BrokenOff: _broken,
        }

    def __call__(self, description: object) -> Sight:
        """What `description` is."""
        look = self._by_class.get(type(description))
        if look is not None:
            return look(description)
        return self._recognise(description) or _unknown(description)

    def _call(self, call: Call) -> Sight:
        keys = prng_keys(call)
        if keys is None:
            sight = self._recognise(call) or _unknown(call)
            if sight.kind == Kind.FUNCTION and self._has_content(call):
                sight.handle = self._values.remember_callable(call)
            return sight
        kind = self._type_of(keys.bits)
        problem = problem_of(keys.bits, kind)
        shape = kind.shape[: len(kind.shape) - keys.key_dimensions]
        if problem is None and len(kind.shape) < keys.key_dimensions:
            problem = "the bits of the keys have fewer dimensions than one key"
        if problem is not None:
            return _no_array(keys.bits, kind, problem)
        return Sight(
            Kind.ARRAY,
            _JAX_ARRAY,
            is_leaf=True,
            array=ArrayFacts(keys.dtype, shape, kind.nbytes),
            handle=self._values.remember(keys.bits, None, kind.shape),
            tie_key=id(call),
        )

    def _array(self, array: ArrayDescription) -> Sight:
        dtype, shape, cls = array.dtype, array.shape, array.array_class
        key = (
            id(dtype),
            id(shape),
            id(cls),
            array.library,
            array.is_fortran,
            array.is_weak,
            array.is_scalar,
        )
        found = self._arrays.get(key)
        if found is None:
            if len(self._arrays) >= _MANY:
                # As good as all arrays have a tuple of their own for their shape.
                self._arrays.clear()
            kind = self._type_of(array)
            found = self._arrays[key] = ((dtype, shape, cls), kind, _array_sight(array, kind))
        _, kind, sight = found
        problem = problem_of(array, kind)
        if problem is not None:
            if not _is_plausible(kind, array):
                return _no_array(array, kind, problem)
            sight = _array_sight(array, kind)
            sight.flags |= _PROBLEM
            sight.notes = (problem,)
        # The same sight for all arrays that are alike: the walk has done with it by now.
        sight.handle = self._values.remember(array, problem)
        sight.tie_key = None if array.is_scalar else id(array)
        return sight

    def _type_of(self, array: ArrayDescription) -> ArrayType:
        dtype, shape = array.dtype, array.shape
        key = (id(dtype), id(shape))
        found = self._types.get(key)
        if found is None:
            if len(self._types) >= _MANY:
                self._types.clear()
            found = self._types[key] = (dtype, shape, array_type(dtype, shape))
        return found[2]


_MANY = 10_000
"""Kinds of arrays to remember."""


def _array_sight(array: ArrayDescription, kind: ArrayType) -> Sight:
    flags = _NUMPY if array.library == "numpy" else 0
    if flags and array.is_fortran and _differs_from_c(kind.shape):
        flags |= _FORTRAN
    if array.is_weak:
        flags |= _WEAK
    return Sight(
        Kind.ARRAY,
        _JAX_ARRAY if array.library == "jax" else _array_class(array, kind),
        is_leaf=True,
        array=ArrayFacts(kind.dtype.name, kind.shape, kind.nbytes),
        flags=flags,
    )


# Plain integers: `|` on members of an enumeration takes a microsecond.
_NUMPY = int(Flag.NUMPY)
_FORTRAN = int(Flag.FORTRAN)
_WEAK = int(Flag.WEAK)
_PROBLEM = int(Flag.PROBLEM)


def _differs_from_c(shape: tuple[int, ...]) -> bool:
    """Whether column-major order is another order than row-major for this shape."""
    return 0 not in shape and sum(size != 1 for size in shape) > 1


def _is_plausible(kind: ArrayType, array: ArrayDescription) -> bool:
    """Whether a damaged array may be counted as what it says that it is."""
    present = array.data.length if type(array.data) is Payload else 0
    return kind.problem is None and max(kind.nbytes, kind.elements) <= 2 * present + 4096


def _no_array(array: ArrayDescription, kind: ArrayType, problem: str) -> Sight:
    # Not an array with these sizes: they would be added to what the file really holds.
    return Sight(
        Kind.OPAQUE,
        _array_class(array, kind),
        is_leaf=True,
        text=f"<damaged array: {problem}>",
        hashing=Hashing.UNHASHABLE,
        flags=_PROBLEM,
        notes=(problem,),
    )


_JAX_ARRAY = ("Array", "jax.Array")
_NUMPY_ARRAY = ("ndarray", "numpy.ndarray")


def _array_class(array: ArrayDescription, kind: ArrayType) -> tuple[str, str]:
    if array.library == "jax":
        return _JAX_ARRAY
    if array.is_scalar:
        name = kind.dtype.name if kind.dtype.name.isidentifier() else "generic"
        return (name, f"numpy.{name}")
    cls = array.array_class
    if type(cls) is Reference and (cls.module, cls.name) != ("numpy", "ndarray"):
        return (sanitise(cls.name.rpartition(".")[2]), reference_text(cls))
    return _NUMPY_ARRAY


_PRIMITIVE_KINDS = {
    bool: (Kind.BOOL, ("bool", "builtins.bool")),
    int: (Kind.NUMBER, ("int", "builtins.int")),
    float: (Kind.NUMBER, ("float", "builtins.float")),
    complex: (Kind.NUMBER, ("complex", "builtins.complex")),
    str: (Kind.TEXT, ("str", "builtins.str")),
    bytes: (Kind.BYTES, ("bytes", "builtins.bytes")),
}


def _primitive(value: object) -> Sight:
    kind, name = _PRIMITIVE_KINDS[type(value)]
    text = primitive_text(value)
    return Sight(kind, name, is_leaf=True, text=text, preview=text, hashing=Hashing.BY_VALUE)


def _payload(payload: Payload) -> Sight:
    """A long string or integer, by its beginning and its size."""
    length = payload.length
    match payload.encoding:
        case "text" | "escaped":
            head = payload.head.decode("utf-8", "replace")[:MAX_VALUE_TEXT]
            shown = sanitise(repr(head), limit=10 * MAX_VALUE_TEXT)
            kind, name, text = Kind.TEXT, "str", f"{shown}… ({length:,} bytes)"
        case "int":
            kind, name, text = Kind.NUMBER, "int", f"<int of about {8 * length:,} bits>"
        case "digits":
            kind, name, text = Kind.NUMBER, "int", f"<int of {length:,} digits>"
        case encoding:
            kind, name = Kind.BYTES, "bytearray" if encoding == "bytearray" else "bytes"
            head = payload.head[:20]
            text = repr(head) if length <= len(head) else f"{head!r}… ({length:,} bytes)"
    return Sight(
        kind,
        (name, f"builtins.{name}"),
        is_leaf=True,
        text=text,
        preview=text,
        hashing=Hashing.UNHASHABLE if name == "bytearray" else Hashing.BY_VALUE,
    )


def _dtype(dtype: DTypeDescription) -> Sight:
    text = f"dtype({dtype_facts(dtype).name})"
    return Sight(
        Kind.OPAQUE,
        ("dtype", "numpy.dtype"),
        is_leaf=True,
        text=text,
        preview=text,
        hashing=Hashing.BY_VALUE,
    )


def _persistent(persistent: PersistentId) -> Sight:
    shown = primitive_text(persistent.identifier)
    return Sight(
        Kind.OPAQUE,
        ("persistent id", "persistent id"),
        is_leaf=None,
        children=() if shown is not None else [Child(".id", persistent.identifier)],
        text=f"<kept outside of the file, as {shown}>" if shown is not None else None,
        hashing=Hashing.UNKNOWN,
    )


def _extension(extension: Extension) -> Sight:
    return Sight(
        Kind.OPAQUE,
        ("extension", "copyreg extension"),
        is_leaf=None,
        text=f"<extension number {extension.code:,}>",
        hashing=Hashing.UNKNOWN,
    )


def _buffer(buffer: OutOfBandBuffer) -> Sight:
    return Sight(
        Kind.BYTES,
        ("PickleBuffer", "pickle.PickleBuffer"),
        is_leaf=None,
        text=f"<buffer number {buffer.index:,}, kept outside of the file>",
        hashing=Hashing.UNKNOWN,
    )


def _broken(broken: BrokenOff) -> Sight:
    return Sight(
        Kind.CUT,
        ("broken off", "broken off"),
        is_leaf=False,
        text=f"<broken off: {sanitise(broken.reason)}>",
        flags=Flag.PROBLEM,
    )


def _unknown(description: object) -> Sight:
    if type(description) is Reference:
        text = f"<{reference_text(description)}>"
    elif type(description) in (DictItems, SetItems):
        text = f"<{type(description).__name__}>"
    else:
        text = "<object>"
    return Sight(
        Kind.OPAQUE, ("object", "object"), is_leaf=None, text=text, hashing=Hashing.UNKNOWN
    )
