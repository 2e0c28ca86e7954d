"""Opcodes that push plain values: numbers, strings, bytes; each pushes one."""

import codecs
from struct import Struct

from eqxview.readers.described.descriptions import Payload
from eqxview.readers.pickle.machine import Machine, Opcode

KEPT_BYTES = 64
"""Bytes up to which a byte string becomes a Python value."""
KEPT_TEXT = 4096
"""Bytes up to which a string becomes a Python value: field names and keys are far shorter."""
KEPT_INT = 1024
"""Bytes up to which an integer becomes a Python value."""
KEPT_DIGITS = 4300
"""Python refuses to read more decimal digits: their cost grows with the square."""
HEAD = 20
"""Bytes of a longer byte string that are kept to be shown."""
TEXT_HEAD = 320
"""Bytes of a longer string that are kept to be shown: 80 characters of up to 4 bytes."""

_UINT16 = Struct("<H").unpack_from
_INT32 = Struct("<i").unpack_from
_UINT32 = Struct("<I").unpack_from
_UINT64 = Struct("<Q").unpack_from
_FLOAT = Struct(">d").unpack_from


def _none(m: Machine) -> None:
    m.stack.append(None)


def _true(m: Machine) -> None:
    m.stack.append(True)


def _false(m: Machine) -> None:
    m.stack.append(False)


def _uint8(m: Machine) -> None:
    tape = m.tape
    m.stack.append(tape.buffer[tape.at])
    tape.at += 1


def _uint16(m: Machine) -> None:
    tape = m.tape
    m.stack.append(_UINT16(tape.buffer, tape.at)[0])
    tape.at += 2


def _int32(m: Machine) -> None:
    tape = m.tape
    m.stack.append(_INT32(tape.buffer, tape.at)[0])
    tape.at += 4


def _long1(m: Machine) -> None:
    _long(m, _length8(m))


def _long4(m: Machine) -> None:
    _long(m, _signed_length(m, "LONG4"))


def _long(m: Machine, length: int) -> None:
    if length > KEPT_INT:
        m.stack.append(Payload(m.tape.skip(length), length, "int"))
    else:
        m.stack.append(int.from_bytes(m.tape.take(length), "little", signed=True))


def _int_line(m: Machine) -> None:
    begin, length, line = m.tape.line(longest=KEPT_DIGITS + 3)
    if line in (b"00", b"01"):
        # How protocol 1 writes False and True.
        m.stack.append(line == b"01")
    else:
        _push_digits(m, begin, length, line)


def _long_line(m: Machine) -> None:
    begin, length, line = m.tape.line(longest=KEPT_DIGITS + 3)
    if line.endswith(b"L"):
        line, length = line[:-1], length - 1
    _push_digits(m, begin, length, line)


def _push_digits(m: Machine, begin: int, length: int, line: bytes) -> None:
    if length > KEPT_DIGITS:
        m.stack.append(Payload(begin, length, "digits"))
    else:
        m.stack.append(decimal(m, line))


def decimal(m: Machine, line: bytes) -> int:
    """The integer in a short line."""
    try:
        return int(line)
    except ValueError:
        raise m.damaged(f"{line[:20]!r} is no whole number") from None


def _float64(m: Machine) -> None:
    tape = m.tape
    m.stack.append(_FLOAT(tape.buffer, tape.at)[0])
    tape.at += 8


def _float_line(m: Machine) -> None:
    _, _, line = m.tape.line(longest=400)
    try:
        m.stack.append(float(line))
    except ValueError:
        raise m.damaged(f"{line[:20]!r} is no number") from None


def _text8(m: Machine) -> None:
    tape = m.tape
    begin = tape.at + 1
    end = begin + tape.buffer[tape.at]
    if end > len(tape.buffer):
        # Only at the end of the file: the window holds the longest such string otherwise.
        tape.at = begin
        tape.take(end - begin)
    m.stack.append(tape.buffer[begin:end].decode("utf-8", "surrogatepass"))
    tape.at = end


def _text32(m: Machine) -> None:
    _text(m, _length32(m))


def _text64(m: Machine) -> None:
    _text(m, _length64(m))


def _text(m: Machine, length: int) -> None:
    if length > KEPT_TEXT:
        head = m.tape.head(TEXT_HEAD)
        m.stack.append(Payload(m.tape.skip(length), length, "text", head))
    else:
        m.stack.append(m.tape.take(length).decode("utf-8", "surrogatepass"))


def _text_line(m: Machine) -> None:
    begin, length, line = m.tape.line(longest=KEPT_TEXT)
    if length > KEPT_TEXT:
        m.stack.append(Payload(begin, length, "escaped", line[:TEXT_HEAD]))
    else:
        m.stack.append(raw_unicode(m, line))


def raw_unicode(m: Machine, line: bytes) -> str:
    """The string that protocol 0 writes as `line`."""
    try:
        # The C function itself: `bytes.decode` would import a codec while the file is open.
        return codecs.raw_unicode_escape_decode(line, "surrogatepass")[0]
    except UnicodeDecodeError:
        raise m.damaged(f"the string {line[:20]!r} has a broken escape") from None


def _bytes8(m: Machine) -> None:
    _bytes(m, _length8(m), "bytes")


def _bytes32(m: Machine) -> None:
    _bytes(m, _length32(m), "bytes")


def _bytes64(m: Machine) -> None:
    _bytes(m, _length64(m), "bytes")


def _bytearray64(m: Machine) -> None:
    length = _length64(m)
    head = m.tape.head(min(HEAD, length))
    m.stack.append(Payload(m.tape.skip(length), length, "bytearray", head))


def _bytes(m: Machine, length: int, encoding: str) -> None:
    if length > KEPT_BYTES:
        head = m.tape.head(HEAD)
        m.stack.append(Payload(m.tape.skip(length), length, encoding, head))
    else:
        m.stack.append(m.tape.take(length))


# The strings of Python 2. What is short is a name or a key, and shown as the text that
# `pickle.load(file, encoding="latin1")` gives; what is long is mostly the bytes of an array.


def _string_line(m: Machine) -> None:
    begin, length, line = m.tape.line(longest=KEPT_TEXT)
    if length > KEPT_TEXT:
        m.stack.append(Payload(begin, length, "escaped bytes", line[:TEXT_HEAD]))
        return
    quoted = line.strip()
    if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in (b"'", b'"'):
        raise m.damaged(f"the string {line[:20]!r} has no quotes around it")
    try:
        m.stack.append(codecs.escape_decode(quoted[1:-1])[0].decode("latin-1"))  # pyright: ignore[reportAttributeAccessIssue]
    except ValueError:
        raise m.damaged(f"the string {line[:20]!r} has a broken escape") from None


def _string8(m: Machine) -> None:
    _string(m, _length8(m))


def _string32(m: Machine) -> None:
    _string(m, _signed_length(m, "BINSTRING"))


def _string(m: Machine, length: int) -> None:
    if length > KEPT_TEXT:
        head = m.tape.head(HEAD)
        m.stack.append(Payload(m.tape.skip(length), length, "bytes", head))
    else:
        m.stack.append(m.tape.take(length).decode("latin-1"))


def _length8(m: Machine) -> int:
    tape = m.tape
    length = tape.buffer[tape.at]
    tape.at += 1
    return length


def _length32(m: Machine) -> int:
    tape = m.tape
    (length,) = _UINT32(tape.buffer, tape.at)
    tape.at += 4
    return length


def _length64(m: Machine) -> int:
    tape = m.tape
    (length,) = _UINT64(tape.buffer, tape.at)
    tape.at += 8
    return length


def _signed_length(m: Machine, name: str) -> int:
    tape = m.tape
    (length,) = _INT32(tape.buffer, tape.at)
    if length < 0:
        raise m.damaged(f"{name} announces a length of {length:,} bytes")
    tape.at += 4
    return length


PLAIN_OPCODES: dict[int, Opcode] = {
    0x4E: Opcode("NONE", _none),
    0x88: Opcode("NEWTRUE", _true),
    0x89: Opcode("NEWFALSE", _false),
    0x4B: Opcode("BININT1", _uint8, 1),
    0x4D: Opcode("BININT2", _uint16, 2),
    0x4A: Opcode("BININT", _int32, 4),
    0x8A: Opcode("LONG1", _long1, 1),
    0x8B: Opcode("LONG4", _long4, 4),
    0x49: Opcode("INT", _int_line),
    0x4C: Opcode("LONG", _long_line),
    0x47: Opcode("BINFLOAT", _float64, 8),
    0x46: Opcode("FLOAT", _float_line),
    0x8C: Opcode("SHORT_BINUNICODE", _text8, 1),
    0x58: Opcode("BINUNICODE", _text32, 4),
    0x8D: Opcode("BINUNICODE8", _text64, 8),
    0x56: Opcode("UNICODE", _text_line),
    0x43: Opcode("SHORT_BINBYTES", _bytes8, 1),
    0x42: Opcode("BINBYTES", _bytes32, 4),
    0x8E: Opcode("BINBYTES8", _bytes64, 8),
    0x96: Opcode("BYTEARRAY8", _bytearray64, 8),
    0x53: Opcode("STRING", _string_line),
    0x55: Opcode("SHORT_BINSTRING", _string8, 1),
    0x54: Opcode("BINSTRING", _string32, 4),
}
"""Each opcode of this kind: its byte, its name in the pickle language, what it does."""
