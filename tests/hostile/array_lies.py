"""Arrays whose shape, dtype and bytes do not agree, or that NumPy could not hold."""

import pickle
import struct

import numpy

from hostile.assemble import (
    build,
    call,
    dtype,
    group,
    integer,
    jax_array,
    mapping,
    numpy_array,
    reference,
    sequence,
    short_bytes,
    text,
    whole,
)
from hostile.case import Case

F4 = dtype("f4")
DATA = short_bytes(bytes(16))
_INNOCENT = reference("numpy._core.multiarray", "_reconstruct")
_ARGUMENTS = group(reference("numpy", "ndarray"), group(integer(0)), short_bytes(b"b"))


def _jax(shape: bytes, of: bytes = F4, data: bytes = DATA, weak: bytes = b"\x89") -> bytes:
    return jax_array(_INNOCENT, _ARGUMENTS, group(integer(1), shape, of, b"\x89", data), weak)


def _shape(*sizes: int) -> bytes:
    return group(*map(integer, sizes))


_SHAPES = (
    ("shape larger than its bytes", _shape(5)),
    ("shape smaller than its bytes", _shape(3)),
    ("shape of a billion", _shape(10**9)),
    ("shape of three huge sizes", _shape(2**31 - 1, 2**31 - 1, 2**31 - 1)),
    ("shape beyond 64 bits", _shape(2**62, 2**62, 2**62)),
    ("shape of a size of 8,000 bits", _shape(2**8000)),
    ("shape of a size of 100,000 bits", _shape(2**100_000)),
    ("shape of 20,000 sizes of 60 bits", group(*[integer(2**60)] * 20_000)),
    ("negative shape", _shape(-1)),
    ("two negative sizes", _shape(-2, -2)),
    ("shape of a very negative size", _shape(-(2**70))),
    ("zero times a huge size", _shape(0, 2**62)),
    ("10,000 dimensions of 1", group(*[integer(1)] * 10_000)),
    ("65 dimensions of 1", group(*[integer(1)] * 65)),
    ("shape of booleans", group(b"\x88", b"\x88")),
    ("shape of floats", group(b"G\x40\x10\0\0\0\0\0\0")),
    ("shape of texts", group(text("4"))),
    ("shape of None", b"N"),
    ("shape that is a number", integer(4)),
    ("shape that is a list", sequence(integer(4))),
    ("shape that is a dict", mapping()),
    ("shape of shapes", group(group(integer(4)))),
    ("shape that is a call", call(reference("os", "getpid"))),
)

_DTYPE_STATES = (
    ("no state at all", call(reference("numpy", "dtype"), text("f4"))),
    ("an empty state", dtype("f4", state=group())),
    ("a state of texts", dtype("f4", state=group(*[text("x")] * 8))),
    ("a state that is a number", dtype("f4", state=integer(3))),
    (
        "a byte order of markup",
        dtype(
            "f4",
            state=group(
                integer(3), text("[/x]\x1b"), b"N", b"N", b"N", integer(-1), integer(-1), integer(0)
            ),
        ),
    ),
    (
        "a huge item size",
        dtype(
            "V8",
            state=group(
                integer(3), text("|"), b"N", b"N", b"N", integer(2**62), integer(1), integer(0)
            ),
        ),
    ),
    (
        "a negative item size",
        dtype(
            "V8",
            state=group(
                integer(3), text("|"), b"N", b"N", b"N", integer(-8), integer(1), integer(0)
            ),
        ),
    ),
    (
        "names without fields",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                b"N",
                group(text("a")),
                b"N",
                integer(8),
                integer(1),
                integer(0),
            ),
        ),
    ),
    (
        "fields without names",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                b"N",
                b"N",
                mapping((text("a"), integer(1))),
                integer(8),
                integer(1),
                integer(0),
            ),
        ),
    ),
    (
        "fields beyond the item",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                b"N",
                group(text("a")),
                mapping((text("a"), group(F4, integer(2**40)))),
                integer(8),
                integer(1),
                integer(0),
            ),
        ),
    ),
    (
        "names that are no texts",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                b"N",
                group(integer(1), b"N", group()),
                mapping((integer(1), group(F4, integer(0)))),
                integer(8),
                integer(1),
                integer(0),
            ),
        ),
    ),
    (
        "a subdtype of a huge shape",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                group(F4, _shape(2**40, 2**40)),
                b"N",
                b"N",
                integer(8),
                integer(1),
                integer(0),
            ),
        ),
    ),
    (
        "a subdtype of 10,000 dimensions",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                group(F4, group(*[integer(1)] * 10_000)),
                b"N",
                b"N",
                integer(8),
                integer(1),
                integer(0),
            ),
        ),
    ),
    (
        "a subdtype that is a number",
        dtype(
            "V8",
            state=group(
                integer(3), text("|"), integer(7), b"N", b"N", integer(8), integer(1), integer(0)
            ),
        ),
    ),
    (
        "10,000 fields",
        dtype(
            "V8",
            state=group(
                integer(3),
                text("|"),
                b"N",
                group(*(text(f"f{i}") for i in range(10_000))),
                mapping(*((text(f"f{i}"), group(F4, integer(4 * i))) for i in range(10_000))),
                integer(40_000),
                integer(1),
                integer(0),
            ),
        ),
    ),
)

_DTYPE_CODES = (
    "f4",
    "f3",
    "f0",
    "f",
    "",
    "i-4",
    "i99999999999999999999",
    "V0",
    "S0",
    "U0",
    "S",
    "O8",
    "b1",
    "V2147483647",
    "S9223372036854775807",
    "U4611686018427387904",
    "M8[ns]",
    "M8[\x1b]",
    "m8",
    "f4,i4",
    "(2,3)f4",
    "{'names':['a'],'formats':['f4']}",
    "float32",
    "bfloat16",
    "λ8",
    "f４",
    "f4\0",
    "f4" * 500,
    "[/x]",
    "T16",
)


def _with_length(length: int) -> bytes:
    """NumPy's own pickle of an array, by its buffer, whose length is not what it says."""
    own = pickle.dumps([numpy.ones(4, "f4")], 5)
    place = own.index(b"\x96") + 1
    assert own[place : place + 8] == struct.pack("<Q", 16)
    return own[:place] + struct.pack("<Q", length) + own[place + 8 :]


CASES = (
    *(
        Case(
            name=f"{library} {name}",
            content=whole(sequence(make(shape), integer(7))),
            codes=(0, 2),
            warns=True,
            shows=("7",),
        )
        for library, make in (("JAX", _jax), ("NumPy", lambda s: numpy_array(s, F4, DATA)))
        for name, shape in _SHAPES
    ),
    *(
        Case(
            name=f"{library} dtype with {name}",
            content=whole(sequence(array, integer(7))),
            codes=(0, 2),
            shows=("7",),
        )
        for name, of in _DTYPE_STATES
        for library, array in (
            ("JAX", _jax(_shape(4), of)),
            ("NumPy", numpy_array(_shape(4), of, DATA)),
        )
    ),
    *(
        Case(
            name=f"{library} dtype number {number}",
            content=whole(sequence(array, integer(7))),
            codes=(0, 2),
            shows=("7",),
        )
        for number, code in enumerate(_DTYPE_CODES)
        for of in (call(reference("numpy", "dtype"), text(code), b"\x89", b"\x88"),)
        for library, array in (
            ("JAX", _jax(_shape(4), of)),
            ("NumPy", numpy_array(_shape(4), of, DATA)),
        )
    ),
    *(
        Case(name=name, content=whole(sequence(content, integer(7))), codes=(0, 2), shows=("7",))
        for name, content in (
            ("dtype of a number", call(reference("numpy", "dtype"), integer(4))),
            ("dtype of nothing", call(reference("numpy", "dtype"))),
            ("dtype of itself many times", call(reference("numpy", "dtype"), F4)),
            (
                "array of no state",
                call(
                    _INNOCENT, reference("numpy", "ndarray"), group(integer(0)), short_bytes(b"b")
                ),
            ),
            (
                "array of a state of three",
                build(
                    call(
                        _INNOCENT,
                        reference("numpy", "ndarray"),
                        group(integer(0)),
                        short_bytes(b"b"),
                    ),
                    group(integer(1), _shape(1), F4),
                ),
            ),
            (
                "array of two states",
                build(
                    numpy_array(_shape(4), F4, DATA),
                    group(integer(1), _shape(2), F4, b"\x89", short_bytes(bytes(8))),
                ),
            ),
            ("array whose order is text", numpy_array(_shape(4), F4, DATA, fortran=text("F"))),
            ("array whose dtype is text", numpy_array(_shape(4), text("f4"), DATA)),
            ("array whose dtype is None", numpy_array(_shape(4), b"N", DATA)),
            ("array whose bytes are a number", numpy_array(_shape(4), F4, integer(4))),
            ("array whose bytes are None", numpy_array(_shape(4), F4, b"N")),
            ("array whose bytes are text", numpy_array(_shape(4), F4, text("0123456789abcdef"))),
            (
                "array whose bytes are a list",
                numpy_array(_shape(4), F4, sequence(*[integer(0)] * 4)),
            ),
            (
                "object array with too few items",
                numpy_array(_shape(4), dtype("O8"), sequence(integer(1))),
            ),
            ("object array with bytes for items", numpy_array(_shape(2), dtype("O8"), DATA)),
            ("object array of a huge shape", numpy_array(_shape(2**62), dtype("O8"), sequence())),
            ("JAX array of objects", _jax(_shape(1), dtype("O8"), sequence(integer(1)))),
            ("JAX array whose weak type is text", _jax(_shape(4), weak=text("yes"))),
            (
                "JAX array whose aval is a list",
                call(
                    reference("jax._src.array", "_reconstruct_array"),
                    _INNOCENT,
                    _ARGUMENTS,
                    group(integer(1), _shape(4), F4, b"\x89", DATA),
                    b"]",
                ),
            ),
            (
                "JAX array of too few arguments",
                call(reference("jax._src.array", "_reconstruct_array"), _INNOCENT),
            ),
            ("JAX array of no arguments", call(reference("jax._src.array", "_reconstruct_array"))),
            (
                "scalar of too few bytes",
                call(
                    reference("numpy._core.multiarray", "scalar"), dtype("f8"), short_bytes(b"\0")
                ),
            ),
            (
                "scalar of a number",
                call(reference("numpy._core.multiarray", "scalar"), dtype("f8"), integer(1)),
            ),
            (
                "scalar of no dtype",
                call(reference("numpy._core.multiarray", "scalar"), integer(1), integer(1)),
            ),
            (
                "_frombuffer of a lie",
                call(
                    reference("numpy._core.numeric", "_frombuffer"),
                    short_bytes(bytes(7)),
                    F4,
                    _shape(4),
                    text("C"),
                ),
            ),
            (
                "_frombuffer of a buffer outside the file",
                call(
                    reference("numpy._core.numeric", "_frombuffer"),
                    b"\x97",
                    F4,
                    _shape(4),
                    text("C"),
                ),
            ),
            (
                "_frombuffer of numbers",
                call(
                    reference("numpy._core.numeric", "_frombuffer"),
                    integer(1),
                    integer(2),
                    integer(3),
                    integer(4),
                ),
            ),
            ("_frombuffer of nothing", call(reference("numpy._core.numeric", "_frombuffer"))),
            ("complex of texts", call(reference("builtins", "complex"), text("1"), text("2"))),
            (
                "complex of huge integers",
                call(reference("builtins", "complex"), integer(2**5000), integer(1)),
            ),
            ("bytearray of a count", call(reference("builtins", "bytearray"), integer(2**40))),
            ("bytes of a count", call(reference("builtins", "bytes"), integer(2**40))),
            (
                "range of huge numbers",
                call(reference("builtins", "range"), integer(0), integer(2**70)),
            ),
            ("set of a number", call(reference("builtins", "set"), integer(4))),
            (
                "frozenset of a dict",
                call(reference("builtins", "frozenset"), mapping((text("a"), b"N"))),
            ),
            (
                "slice of calls",
                call(reference("builtins", "slice"), call(reference("os", "getpid")), b"N", b"N"),
            ),
            (
                "latin1 bytes of text beyond latin1",
                call(reference("_codecs", "encode"), text("λ"), text("latin1")),
            ),
            (
                "latin1 bytes by another codec",
                call(reference("_codecs", "encode"), text("x"), text("zlib")),
            ),
            (
                "datetime of bytes that are none",
                call(reference("datetime", "datetime"), short_bytes(bytes(10))),
            ),
            (
                "OrderedDict of numbers",
                call(reference("collections", "OrderedDict"), sequence(integer(1))),
            ),
            ("defaultdict of a number", call(reference("collections", "defaultdict"), integer(3))),
            ("deque of a number", call(reference("collections", "deque"), integer(3), integer(-1))),
            ("partial of nothing", call(reference("functools", "partial"))),
            (
                "partial whose state is text",
                build(call(reference("functools", "partial"), reference("a", "b")), text("x")),
            ),
            ("an enum member of a list", call(reference("enum", "Enum"), sequence())),
            ("pathlib.Path of numbers", call(reference("pathlib", "PosixPath"), integer(1), b"N")),
            (
                "a PRNG key of too few words",
                call(reference("jax._src.prng", "PRNGKeyArray"), text("fry"), _jax(_shape(1))),
            ),
        )
    ),
    *(
        Case(
            name=f"NumPy buffer of {length:,} bytes",
            content=_with_length(length),
            codes=(0, 2),
            warns=True,
        )
        for length in (0, 15, 17, 2**31, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
    ),
)
