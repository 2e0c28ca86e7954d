"""A shortcut for the runs of opcodes that arrays are written as, alike but for a few numbers.

An array takes some thirty opcodes. From the second one on, its classes and its dtype are
fetched from the memo, and what is left is a pattern, which one match of a regular expression
reads six times as fast as the machine. The bytes
of a large array lie outside of frames, between two of them, and outside of the window: they
are passed over. Whatever does not match exactly is left to the machine: the result is the same.

The tuples between, which nothing refers to in an honest file, are not made. Their numbers in
the memo hold `FOLDED`; a file that asks for one is read again without shortcuts.
"""

import re
from typing import NamedTuple

from eqxview.readers.described.descriptions import (
    ArrayDescription,
    DTypeDescription,
    Payload,
    Reference,
)
from eqxview.readers.pickle.machine import FOLDED, Machine
from eqxview.readers.pickle.plain_opcodes import HEAD, KEPT_BYTES
from eqxview.readers.pickle.tape import SMALLEST_WINDOW, Tape

# BINGET or LONG_BINGET; BININT1, BININT2 or BININT; the tuple of a shape, memoized.
_GET = rb"(h.|j....)"
_INT = rb"(?:K.|M..|J....)"
_SHAPE = (
    rb"(\)|"
    + rb"|".join(
        (
            _INT + rb"\x85\x94",
            _INT * 2 + rb"\x86\x94",
            _INT * 3 + rb"\x87\x94",
            rb"\(" + _INT + rb"{4,8}t\x94",
        )
    )
    + rb")"
)
_BYTES = rb"(C.|B....|\x8e........)"
_STATE = rb"\(K\x01" + _SHAPE + _GET + rb"([\x88\x89])" + _BYTES


class _Run:
    """What the three runs share: the numbers in a match."""

    opcodes = 30
    head: bytes
    """The pattern of what comes before the bytes of the array."""
    tail: bytes
    """The pattern of what comes after them."""

    def __init__(self) -> None:
        # Not compiled on import: that takes a millisecond, and few files need all of them.
        self._head = re.compile(self.head, re.DOTALL)
        self._tail = re.compile(self.tail, re.DOTALL)
        self._shapes: dict[bytes, tuple[int, ...]] = {}
        self._goes_far = True
        self._landing: _Landing | None = None
        """Where the tail was found, if not in the tape's window."""

    def _fetched(self, m: Machine, get: bytes) -> object:
        index = get[1] if len(get) == 2 else _number(get)
        # Out of range ends in the machine's own error: it comes to this opcode next.
        return m.memo[index] if index < len(m.memo) else None

    def _shape(self, text: bytes) -> tuple[int, ...]:
        """The numbers of a shape; the same tuple for the same bytes, so that it is kept once."""
        shape = self._shapes.get(text)
        if shape is None:
            shape = self._shapes[text] = _integers(text)
        return shape

    def _data(self, m: Machine, begin: int, length: int, encoding: str = "bytes") -> object:
        buffer = m.tape.buffer
        if encoding == "bytes" and length <= KEPT_BYTES:
            return buffer[begin : begin + length]
        head = buffer[begin : begin + min(HEAD, length)]
        return Payload(m.tape.base + begin, length, encoding, head)

    def _tail_at(self, m: Machine, opcode: int, end: int) -> re.Match[bytes] | None:
        """What follows the bytes of the array, which end at `end`; both are indices.

        The opcode that brings the bytes is at `opcode`.
        """
        tape = m.tape
        self._landing = None
        if end <= len(tape.buffer):
            tail = self._tail.match(tape.buffer, end)
            if tail is None:
                return None
            if tape.frame_end < 0 or tape.base + tail.end() <= tape.frame_end:
                return tail
        return self._tail_far(tape, opcode, end) if self._goes_far else None

    def _tail_far(self, tape: Tape, opcode: int, end: int) -> re.Match[bytes] | None:
        size, position = tape.source.size, tape.base + end
        if (
            size is None
            or position >= size
            or (tape.frame_end >= 0 and tape.frame_end != tape.base + opcode)
        ):
            return None
        piece = tape.source.read_at(position, SMALLEST_WINDOW)
        frame = _FRAME.match(piece)
        tail = self._tail.match(piece, 0 if frame is None else frame.end())
        frame_end = -1
        if frame is not None:
            frame_end = position + frame.end() + int.from_bytes(frame[1], "little")
        if tail is None or (frame is not None and not position + tail.end() <= frame_end <= size):
            # Not a second time: a compressed file would be unpacked once more for each.
            self._goes_far = False
            return None
        self._landing = _Landing(position, piece, frame_end)
        return tail

    def _finish(self, m: Machine, array: ArrayDescription, tail: re.Match[bytes]) -> None:
        m.stack[-1] = array
        if self._landing is not None:
            m.tape.land(*self._landing)
        m.tape.at = tail.end()
        m.opcodes += self.opcodes


class _Landing(NamedTuple):
    """Where the tape goes on after bytes that are passed over; see `Tape.land`."""

    position: int
    piece: bytes
    frame_end: int


_FRAME = re.compile(rb"\x95(........)", re.DOTALL)


class JaxRun(_Run):
    """`_reconstruct_array(_reconstruct, (ndarray, (0,), b"b"), state, {"weak_type": ...})`."""

    head = rb"\(" + _GET + _GET + rb"K\x00\x85\x94" + _GET + rb"\x87\x94" + _STATE
    tail = rb"\x94t\x94\}\x94" + _GET + rb"([\x88\x89])st\x94R\x94"

    def __init__(self, reconstruct: Reference) -> None:
        super().__init__()
        self._reconstruct = reconstruct
        """NumPy's function: nothing else may stand in its place."""

    def read(self, m: Machine) -> None:
        """Read the array."""
        tape = m.tape
        buffer = tape.buffer
        head = self._head.match(buffer, tape.at)
        if head is None or m.sparse_memo:
            return
        function, cls, code_get, shape_text, dtype_get, order, size = head.groups()
        begin, length = head.end(), _number(size)
        tail = self._tail_at(m, begin - len(size), begin + length)
        if tail is None:
            return
        weak_get, weak = tail.groups()
        memo = m.memo
        # Not by `_fetched`: a model has more of these than of anything else.
        try:
            array_class = memo[cls[1] if len(cls) == 2 else _number(cls)]
            dtype = memo[dtype_get[1] if len(dtype_get) == 2 else _number(dtype_get)]
            if (
                memo[function[1] if len(function) == 2 else _number(function)]
                is not self._reconstruct
                or type(array_class) is not Reference
                or type(dtype) is not DTypeDescription
                or memo[weak_get[1] if len(weak_get) == 2 else _number(weak_get)] != "weak_type"
                # Any code will do, but not one that is none.
                or memo[code_get[1] if len(code_get) == 2 else _number(code_get)] is FOLDED
            ):
                return
        except IndexError:
            # The machine's own error: it comes to this opcode next.
            return
        array = ArrayDescription("jax")
        array.array_class = array_class
        array.shape = shape = self._shape(shape_text)
        array.dtype = dtype
        array.is_fortran = order == b"\x88"
        array.is_weak = weak == b"\x88"
        array.data = data = self._data(m, begin, length)
        if shape:
            memo += (FOLDED, FOLDED, shape, data, FOLDED, FOLDED, FOLDED, array)
        else:
            # The empty tuple is not numbered.
            memo += (FOLDED, FOLDED, data, FOLDED, FOLDED, FOLDED, array)
        self._finish(m, array, tail)


class NumpyRun(_Run):
    """`_reconstruct(ndarray, (0,), b"b")`, then BUILD with the state."""

    head = _GET + rb"K\x00\x85\x94" + _GET + rb"\x87\x94R\x94" + _STATE
    tail = rb"\x94t\x94b"

    def read(self, m: Machine) -> None:
        """Read the array."""
        buffer = m.tape.buffer
        head = self._head.match(buffer, m.tape.at)
        if head is None or m.sparse_memo:
            return
        cls, code_get, shape_text, dtype_get, order, size = head.groups()
        begin, length = head.end(), _number(size)
        tail = self._tail_at(m, begin - len(size), begin + length)
        if tail is None:
            return
        array_class, dtype = self._fetched(m, cls), self._fetched(m, dtype_get)
        if type(array_class) is not Reference or type(dtype) is not DTypeDescription:
            return
        if self._fetched(m, code_get) in (None, FOLDED):
            # Any code will do, but not one that is none.
            return
        array = ArrayDescription("numpy")
        array.array_class = array_class
        array.shape = shape = self._shape(shape_text)
        array.dtype = dtype
        array.is_fortran = order == b"\x88"
        array.data = data = self._data(m, begin, length)
        if shape:
            m.memo += (FOLDED, FOLDED, array, shape, data, FOLDED)
        else:
            m.memo += (FOLDED, FOLDED, array, data, FOLDED)
        self._finish(m, array, tail)


class BufferRun(_Run):
    """`_frombuffer(bytes, dtype, shape, order)`, of protocol 5."""

    opcodes = 12

    head = rb"\(\x96(........)"
    tail = rb"\x94" + _GET + _SHAPE + _GET + rb"t\x94R\x94"

    def read(self, m: Machine) -> None:
        """Read the array."""
        buffer = m.tape.buffer
        head = self._head.match(buffer, m.tape.at)
        if head is None or m.sparse_memo:
            return
        begin, length = head.end(), int.from_bytes(head[1], "little")
        tail = self._tail_at(m, begin - 9, begin + length)
        if tail is None:
            return
        dtype_get, shape_text, order_get = tail.groups()
        dtype, order = self._fetched(m, dtype_get), self._fetched(m, order_get)
        if type(dtype) is not DTypeDescription or type(order) is not str:
            return
        array = ArrayDescription("numpy")
        array.shape = shape = self._shape(shape_text)
        array.dtype = dtype
        array.is_fortran = order == "F"
        array.data = data = self._data(m, begin, length, "bytearray")
        if shape:
            m.memo += (data, shape, FOLDED, array)
        else:
            m.memo += (data, FOLDED, array)
        self._finish(m, array, tail)


def _number(opcode: bytes) -> int:
    """The argument of an opcode that is an unsigned integer."""
    return int.from_bytes(opcode[1:], "little")


def _integers(text: bytes) -> tuple[int, ...]:
    """The arguments of the opcodes in `text` that push integers."""
    integers: list[int] = []
    at = 1 if text[:1] == b"(" else 0
    while at < len(text) and (width := _WIDTHS.get(text[at])) is not None:
        integers.append(int.from_bytes(text[at + 1 : at + 1 + width], "little", signed=width == 4))
        at += 1 + width
    return tuple(integers)


_WIDTHS = {ord("K"): 1, ord("M"): 2, ord("J"): 4}
