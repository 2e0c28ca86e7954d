"""What no pickler writes: bad arguments, empty stacks, early ends."""

import struct

from hostile.assemble import get, group, integer, mapping, put, reference, sequence, text, whole
from hostile.case import Case


def _bad(name: str, content: bytes, **expected) -> Case:
    """A stream that cannot be read to its end."""
    return Case(name=name, content=content, codes=(2,), **expected)


def _odd(name: str, content: bytes, **expected) -> Case:
    """A stream that may be read or refused: either way, in order."""
    return Case(name=name, content=content, codes=(0, 2), **expected)


def _swept(name: str, content: bytes) -> Case:
    """One of many cases that differ in a byte: two faces of them will do."""
    return _odd(name, content, faces=("print", "json"))


_HEAD = b"\x80\x04"
_ALL = range(256)

_ENDS = (
    _bad("an empty file", b""),
    _bad("PROTO alone", b"\x80"),
    _bad("PROTO and a version alone", _HEAD, offset=2),
    _bad("STOP alone", b"."),
    _bad("STOP on an empty stack", _HEAD + b".", offset=(2, 3)),
    _bad("no STOP", _HEAD + integer(1), offset=(2, 7)),
    _bad("no STOP after a list", _HEAD + sequence(integer(1), integer(2)), shows=("[1]",)),
    _bad("an open list", _HEAD + b"](" + integer(1) + integer(2), shows=("[1]",)),
    _bad(
        "an open dict in an open list",
        _HEAD + b"](" + integer(1) + b"}(" + text("k") + integer(7),
        shows=("['k']",),
    ),
    _bad(
        "a dict that ends after a key",
        _HEAD + b"}(" + text("k") + integer(7) + text("lonely"),
        shows=("['k']",),
    ),
    _bad("a mark and nothing else", _HEAD + b"("),
    _bad("a thousand marks", _HEAD + b"(" * 1000),
    _bad("one zero byte", b"\0"),
    _bad("zero bytes", bytes(100_000)),
    _bad("0xff bytes", b"\xff" * 100_000),
    _bad("plain text", b"This is a text file.\nIt has two lines.\n"),
    _bad("a Python script", b"#!/usr/bin/env python3\nimport os\nos.system('touch touched')\n"),
)

_BYTES_FIRST = (
    *(_swept(f"opcode 0x{byte:02x} on an empty stack", _HEAD + bytes([byte])) for byte in _ALL),
    *(
        _swept(f"opcode 0x{byte:02x} and STOP on an empty stack", _HEAD + bytes([byte]) + b".")
        for byte in _ALL
    ),
    *(
        _swept(
            f"opcode 0x{byte:02x} over three objects",
            _HEAD + integer(1) + text("a") + b"}" + bytes([byte]) + bytes(9) + b"\n.",
        )
        for byte in _ALL
    ),
    *(
        _swept(
            f"opcode 0x{byte:02x} over a mark",
            _HEAD + b"](" + bytes([byte]) + b"1\n1\n" + b"\xff" * 8 + b"..",
        )
        for byte in _ALL
    ),
    *(_swept(f"byte 0x{byte:02x} first", bytes([byte]) + b"\0\0\0\0\0\0\0\0\0.") for byte in _ALL),
)

_LENGTHS = (
    *(
        _bad(f"{name} of {length:,} bytes", _HEAD + opcode + struct.pack(form, length) + b"short.")
        for name, opcode, form in (
            ("BINBYTES", b"B", "<I"),
            ("BINUNICODE", b"X", "<I"),
            ("BINSTRING", b"T", "<i"),
            ("LONG4", b"\x8b", "<i"),
            ("BINBYTES8", b"\x8e", "<Q"),
            ("BINUNICODE8", b"\x8d", "<Q"),
            ("BYTEARRAY8", b"\x96", "<Q"),
            ("FRAME and BINBYTES8", b"\x95" + struct.pack("<Q", 30) + b"\x8e", "<Q"),
        )
        for length in (
            100,
            2**31 - 1,
            *((2**32 - 1,) if form in ("<I", "<Q") else ()),
            *((2**40, 2**63 - 1, 2**63, 2**64 - 1) if form == "<Q" else ()),
        )
    ),
    _bad("BINSTRING of a negative length", _HEAD + b"T\xff\xff\xff\xff."),
    _bad("LONG4 of a negative length", _HEAD + b"\x8b\xff\xff\xff\xff."),
    _odd("LONG1 of no bytes", _HEAD + b"\x8a\x00."),
    _odd("LONG4 of no bytes", _HEAD + b"\x8b\0\0\0\0."),
    _bad("SHORT_BINBYTES beyond the end", _HEAD + b"C\xffxyz"),
    _bad("SHORT_BINUNICODE beyond the end", _HEAD + b"\x8c\xffxyz"),
    _bad("half a BINFLOAT", _HEAD + b"G\0\0\0"),
    _bad("half a BININT", _HEAD + b"J\0\0"),
)

_TEXTS = (
    *(
        _bad(f"{name} line of {argument!r:.40}", opcode + argument + b"\n.")
        for name, opcode, argument in (
            ("INT", b"I", b"abc"),
            ("INT", b"I", b""),
            ("INT", b"I", b"1.5"),
            ("INT", b"I", b"0x"),
            ("INT", b"I", b"--1"),
            ("INT", b"I", "٣".encode() + b"\xff"),
            ("LONG", b"L", b"xL"),
            ("LONG", b"L", b"L"),
            ("FLOAT", b"F", b"abc"),
            ("FLOAT", b"F", b""),
            ("STRING", b"S", b"no quotes"),
            ("STRING", b"S", b"'"),
            ("STRING", b"S", b"'half"),
            ("STRING", b"S", b"'\\x4'"),
            ("UNICODE", b"V", b"\\u12"),
            ("UNICODE", b"V", b"\\U00110000"),
            ("GET", b"g", b"-1"),
            ("GET", b"g", b"99999999999999999999"),
            ("GET", b"g", b"abc"),
            ("GET", b"g", b""),
            ("PUT on an empty stack", b"p", b"0"),
        )
    ),
    *(
        _odd(f"odd {name} line of {argument!r:.40}", opcode + argument + b"\n.")
        for name, opcode, argument in (
            ("INT", b"I", b"01"),
            ("INT", b"I", b"00"),
            ("INT", b"I", b"1_000"),
            ("INT", b"I", b" 7 "),
            ("INT", b"I", b"0x10"),
            ("INT", b"I", b"1\0"),
            ("INT", b"I", "٣".encode()),
            ("LONG", b"L", b"7"),
            ("LONG", b"L", b"7LL"),
            ("FLOAT", b"F", b"nan"),
            ("FLOAT", b"F", b"-inf"),
            ("FLOAT", b"F", b"1e999"),
            ("FLOAT", b"F", b"1_0.0"),
            ("STRING", b"S", b'"a\'b"'),
            ("STRING", b"S", b"'\\x1b[2J'"),
            ("UNICODE", b"V", b"\\u001b[2J \\ud800"),
            ("UNICODE", b"V", b"\xff\xfe"),
        )
    ),
    _bad("PUT of a negative index", b"I1\np-1\n."),
    _bad("PUT of no number", b"I1\npx\n."),
    _odd("PUT of a giant index", b"I1\np99999999999999999999999\n."),
    _bad("a line without an end", b"I" + b"1" * 5000),
    _bad("GLOBAL without its second line", b"cos\nsystem"),
    _bad("BINUNICODE that is no UTF-8", _HEAD + b"X\x03\0\0\0\xff\xfe\xfd."),
    _odd("BINUNICODE of surrogates", _HEAD + b"X\x03\0\0\0\xed\xa0\x80."),
    _bad("a key that is no UTF-8", whole(b"}(X\x02\0\0\0\xff\xff" + integer(1) + b"u")),
    _odd("GLOBAL of bytes that are no UTF-8", b"c\xff\xfe\n\xfd\n."),
    _odd("GLOBAL of two empty lines", b"c\n\n."),
    _odd("BINFLOAT of a signalling NaN", _HEAD + b"G\x7f\xf0\0\0\0\0\0\x01."),
)

_STACKS = (
    _odd("objects left on the stack", whole(integer(1), integer(2), integer(3)), warns=True),
    _odd("an open mark at STOP", whole(integer(1), b"(", integer(3)), warns=True),
    _bad("a memo index that was never put", whole(get(7))),
    _bad("APPENDS without a mark", whole(b"]e")),
    _odd("APPEND to a number", whole(integer(1), integer(2), b"a")),
    _odd("APPENDS to a tuple", whole(b")(", integer(2), b"e")),
    _odd("SETITEM on a list", whole(b"]", integer(1), integer(2), b"s")),
    _odd("SETITEMS of three", whole(b"}(", integer(1), integer(2), integer(3), b"u")),
    _odd("DICT of three", whole(b"(", integer(1), integer(2), integer(3), b"d")),
    _odd("ADDITEMS to a list", whole(b"](", integer(1), b"\x90")),
    _odd("ADDITEMS to a dict", whole(b"}(", integer(1), b"\x90")),
    _odd("a list as a key", whole(mapping((sequence(integer(1)), integer(2)))), shows=("2",)),
    _odd("a dict as a key", whole(mapping((mapping(), integer(2))))),
    _odd("the same key twice", whole(mapping((text("k"), integer(1)), (text("k"), integer(2))))),
    _odd(
        "NaN as keys", whole(mapping(*((b"G\x7f\xf8\0\0\0\0\0\0", integer(i)) for i in range(3))))
    ),
    _odd(
        "keys of several types", whole(mapping((integer(1), b"N"), (text("1"), b"N"), (b"N", b"N")))
    ),
    _odd("a list in a set", whole(b"\x8f(", sequence(), b"\x90")),
    _odd("a list in a frozenset", whole(b"(", sequence(), b"\x91")),
    _odd("a reference of the wrong kind is appended to", whole(reference("os", "path"), b"Na")),
    _odd("a dict that holds itself as a key", whole(b"}", put(0), get(0), integer(1), b"s")),
    _odd(
        "a tuple that holds a list that holds it",
        whole(b"]", put(0), b"\x85", put(1), b"0", get(0), get(1), b"a"),
    ),
    _odd("POP of the only object", whole(integer(1), b"0")),
    _odd("empty containers", whole(group(b"]", b")", b"}", b"\x8f", b"(\x91")), shows=("empty",)),
)

CASES = (*_ENDS, *_LENGTHS, *_TEXTS, *_STACKS, *_BYTES_FIRST)
