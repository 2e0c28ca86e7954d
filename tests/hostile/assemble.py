"""Pickles put together opcode by opcode: what no honest pickler would write.

Every function returns opcodes that leave one object on the stack.
"""

import pickle
import struct


def whole(*body: bytes, protocol: int = 4) -> bytes:
    """A complete pickle."""
    return b"\x80" + bytes([protocol]) + b"".join(body) + b"."


def reference(module: str | bytes, name: str | bytes) -> bytes:
    """GLOBAL."""
    return b"c" + _line(module) + _line(name)


def stacked_reference(module: str, name: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(name) + b"\x93"


def text(value: str) -> bytes:
    """BINUNICODE; lone surrogates pass."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def short_bytes(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def integer(value: int) -> bytes:
    """BININT, or LONG4 where it does not fit."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8b" + struct.pack("<i", len(raw)) + raw


def sequence(*items: bytes) -> bytes:
    """A list."""
    return b"](" + b"".join(items) + b"e"


def group(*items: bytes) -> bytes:
    """A tuple."""
    return b"(" + b"".join(items) + b"t"


def mapping(*pairs: tuple[bytes, bytes]) -> bytes:
    """A dict."""
    return b"}(" + b"".join(key + value for key, value in pairs) + b"u"


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE."""
    return function + group(*arguments) + b"R"


def new(cls: bytes, *arguments: bytes) -> bytes:
    """NEWOBJ."""
    return cls + group(*arguments) + b"\x81"


def build(instance: bytes, state: bytes) -> bytes:
    """BUILD."""
    return instance + state + b"b"


def put(index: int) -> bytes:
    """LONG_BINPUT: keeps what is on top of the stack."""
    return b"r" + struct.pack("<I", index)


def get(index: int) -> bytes:
    """LONG_BINGET."""
    return b"j" + struct.pack("<I", index)


def frame(body: bytes, length: int | None = None) -> bytes:
    """FRAME, with the length that is true or one that is not."""
    return b"\x95" + struct.pack("<Q", len(body) if length is None else length) + body


def dtype(code: str, *, state: bytes | None = None) -> bytes:
    """A NumPy dtype as NumPy pickles it, e.g. `f4`."""
    made = call(reference("numpy", "dtype"), text(code), b"\x89", b"\x88")
    order = "|" if code[0] in "bOVS" else "<"
    if state is None:
        minus = integer(-1)
        state = group(integer(3), text(order), b"N", b"N", b"N", minus, minus, integer(0))
    return build(made, state)


def numpy_array(shape: bytes, of: bytes, data: bytes, *, fortran: bytes = b"\x89") -> bytes:
    """A NumPy array in the form of `ndarray.__reduce__`, from opcodes of its parts."""
    start = call(
        reference("numpy._core.multiarray", "_reconstruct"),
        reference("numpy", "ndarray"),
        group(integer(0)),
        short_bytes(b"b"),
    )
    return build(start, group(integer(1), shape, of, fortran, data))


def jax_array(function: bytes, arguments: bytes, state: bytes, weak: bytes) -> bytes:
    """A JAX array in the form of its `__reduce__`, from opcodes of its parts."""
    return call(
        reference("jax._src.array", "_reconstruct_array"),
        function,
        arguments,
        state,
        mapping((text("weak_type"), weak)),
    )


def honest(value: object, protocol: int = 4) -> bytes:
    """What pickle itself writes."""
    return pickle.dumps(value, protocol)


def _line(value: str | bytes) -> bytes:
    return (value.encode() if isinstance(value, str) else value) + b"\n"
