"""Small files that ask for much memory or time, and large files of one opcode."""

import os
import struct
from collections.abc import Callable

from hostile.assemble import (
    build,
    call,
    dtype,
    get,
    group,
    integer,
    mapping,
    new,
    numpy_array,
    put,
    reference,
    sequence,
    short_bytes,
    text,
    whole,
)
from hostile.case import Case

_HEAD = b"\x80\x04"
_DEEP = 120_000
_LAUGHS = 40

_FLOOD_MEGABYTES = int(os.environ.get("EQXVIEW_FLOOD_MB", "1"))
"""The suite has time for floods of a megabyte; 20 are tried by hand."""
_FLOOD = _FLOOD_MEGABYTES * 2**20
_LONG = 20 * 2**20
"""Bytes of what is one argument, and skipped: that takes no time whatever its length."""


def _laughs(step: bytes, *, first: bytes = b"]", last: bytes = b"") -> bytes:
    """An object that holds twice the one before it, and so on: 2**40 of them in all.

    `step` makes an object of what is in the memo, by the name `@`.
    """
    parts = [first, put(0), b"0"]
    for level in range(_LAUGHS):
        parts += [step.replace(b"@", get(level)), put(level + 1), b"0"]
    return b"".join(parts) + get(_LAUGHS) + last


def _deep(opening: bytes, closing: bytes, core: bytes = b"N", depth: int = _DEEP) -> bytes:
    return whole(opening * depth + core + closing * depth)


def _flood(opcode: bytes, *, before: bytes = b"", size: int = _FLOOD) -> Callable[[], bytes]:
    return lambda: _HEAD + before + opcode * (size // len(opcode)) + b"."


def _heavy(name: str, content: Callable[[], bytes], **expected) -> Case:
    """A file of many bytes: what it may cost is bounded too, if more generously."""
    settings = {
        "codes": (0, 2),
        "seconds": 8.0,
        "mebibytes": 512,
        "output": 2**27,
        "faces": ("print",),
    }
    return Case(name=name, content=content, **{**settings, **expected})


def _flooding(name: str, content: Callable[[], bytes], **expected) -> Case:
    """A file of one opcode, over and over: each makes an object at most."""
    # What a Python object and its place in a tree take, and no more: 150 bytes an opcode.
    # The stack is full after five million.
    settings = {"seconds": 4.0 * _FLOOD_MEGABYTES, "mebibytes": min(160 * _FLOOD_MEGABYTES, 768)}
    return _heavy(f"a flood of {name}", content, **{**settings, **expected})


_LAUGHING = tuple(
    Case(
        name=f"billion laughs through {name}",
        content=whole(content),
        codes=(0, 2),
        output=2**23,
        faces=("print", "json"),
        **more,
    )
    for name, content, more in (
        ("lists", _laughs(sequence(b"@", b"@")), {}),
        ("tuples", _laughs(b"@@\x86"), {}),
        (
            "dict values",
            _laughs(mapping((integer(1), b"@"), (integer(2), b"@"))),
            {},
        ),
        (
            "dict keys",
            _laughs(
                b"@@\x86",
                first=b")",
                last=integer(1) + b"\x85" + integer(1) + b"}" + get(_LAUGHS) + integer(1) + b"s",
            ),
            {},
        ),
        (
            "keys that are compared",
            _laughs(
                b"@@\x86",
                first=b")",
                last=b"0}" + b"".join(get(_LAUGHS) + integer(i) + b"s" for i in range(3)),
            ),
            {},
        ),
        (
            "call arguments",
            _laughs(call(reference("a", "b"), b"@", b"@")),
            {},
        ),
        (
            "states",
            _laughs(build(new(reference("a", "B")), mapping((text("x"), b"@"), (text("y"), b"@")))),
            {},
        ),
        (
            "functions that are called",
            _laughs(call(b"@", b"@")),
            {},
        ),
        ("sets", _laughs(b"(@@\x91"), {}),
        ("persistent ids", _laughs(b"@@\x86Q"), {}),
        (
            "a dtype's name",
            _laughs(
                b"@@\x86",
                last=b"0"
                + numpy_array(
                    group(integer(1)),
                    call(reference("numpy", "dtype"), get(_LAUGHS), b"\x89", b"\x88"),
                    short_bytes(b"\0"),
                ),
            ),
            {},
        ),
        (
            "a dtype's fields",
            _laughs(
                b"@@\x86",
                last=b"0"
                + numpy_array(
                    group(integer(1)),
                    dtype(
                        "V8",
                        state=group(
                            integer(3),
                            text("|"),
                            b"N",
                            get(_LAUGHS),
                            get(_LAUGHS),
                            integer(8),
                            integer(1),
                            integer(0),
                        ),
                    ),
                    short_bytes(bytes(8)),
                ),
            ),
            {},
        ),
        (
            "an array's shape",
            _laughs(
                b"@@\x86", last=b"0" + numpy_array(get(_LAUGHS), dtype("f4"), short_bytes(b""))
            ),
            {},
        ),
        (
            "an object array",
            _laughs(
                sequence(b"@", b"@"),
                last=b"0" + numpy_array(group(integer(2)), dtype("O8"), get(_LAUGHS)),
            ),
            {},
        ),
        ("class names", _laughs(b"@@\x86", last=get(_LAUGHS) + b"\x93"), {}),
        (
            "a namedtuple's fields",
            _laughs(
                b"@@\x86",
                last=b"0" + call(reference("collections", "namedtuple"), text("T"), get(_LAUGHS)),
            ),
            {},
        ),
    )
)

_NESTED = tuple(
    Case(
        name=f"{_DEEP:,} levels of {name}",
        content=content,
        codes=(0, 2),
        # Keys, sets and dtypes are one line each, cut anyway.
        faces=("print", "json"),
        warns=name not in ("dict keys", "frozensets", "keys that are tuples", "dtypes"),
        seconds=6.0,
        mebibytes=256,
    )
    for name, content in (
        ("lists", _deep(b"](", b"e")),
        ("lists by APPEND", _deep(b"]", b"a")),
        ("tuples", _deep(b"", b"\x85")),
        ("tuples by mark", _deep(b"(", b"t")),
        ("dicts", _deep(b"}" + text("k"), b"s")),
        ("dict keys", _deep(b"}", b"Ns")),
        ("calls", _deep(b"ca\nb\n", b"\x85R")),
        ("called functions", _deep(b"", b")R", core=reference("a", "b"))),
        ("states", _deep(b"ca\nB\n)\x81", b"b")),
        ("states in dicts", _deep(b"ca\nB\n)\x81}" + text("x"), b"sb")),
        ("frozensets", _deep(b"(", b"\x91")),
        ("persistent ids", _deep(b"", b"Q")),
        ("extensions called", _deep(b"", b")R", core=b"\x82\x01")),
        ("keys that are tuples", b"\x80\x04}" + b")" + b"\x85" * _DEEP + b"Ns."),
        ("two keys that are tuples", b"\x80\x04}" + (b")" + b"\x85" * _DEEP + b"Ns") * 2 + b"."),
        ("namedtuple-like calls", _deep(b"ccollections\nOrderedDict\n", b"\x85R")),
        ("partials", _deep(b"cfunctools\npartial\n", b"\x85R", core=reference("a", "b"))),
        ("dtypes", _deep(b"cnumpy\ndtype\n", b"\x85R")),
        ("lists that also hold a leaf", _deep(b"](K\x01", b"e")),
    )
)

_TWISTED = tuple(
    Case(name=name, content=whole(content), codes=(0, 2), shows=("cycle",) if shown else ())
    for name, content, shown in (
        ("a list that holds itself", b"]" + put(0) + get(0) + b"a", True),
        ("a dict that holds itself", b"}" + put(0) + text("me") + get(0) + b"s", True),
        (
            "a tuple that holds itself",
            b"]" + put(0) + b"\x85" + put(1) + b"0" + get(0) + get(1) + b"a0" + get(1),
            True,
        ),
        (
            "an object that holds itself",
            new(reference("a", "B")) + put(0) + mapping((text("me"), get(0))) + b"b",
            False,
        ),
        (
            "an object that is its own state",
            new(reference("a", "B")) + put(0) + get(0) + b"b",
            False,
        ),
        (
            "a call that is given itself",
            b"ca\nb\n]" + put(0) + b"\x85R" + put(1) + b"0" + get(0) + get(1) + b"a0" + get(1),
            False,
        ),
        ("a set that holds itself", b"\x8f" + put(0) + b"(" + get(0) + b"\x90", False),
        (
            "a dtype that is its own field",
            call(reference("numpy", "dtype"), text("V8"), b"\x89", b"\x88")
            + put(0)
            + group(
                integer(3),
                text("|"),
                b"N",
                group(text("f")),
                mapping((text("f"), group(get(0), integer(0)))),
                integer(8),
                integer(1),
                integer(0),
            )
            + b"b"
            + put(1)
            + b"0"
            + numpy_array(group(integer(1)), get(1), short_bytes(bytes(8))),
            False,
        ),
        (
            "a dtype that is its own subdtype",
            call(reference("numpy", "dtype"), text("V8"), b"\x89", b"\x88")
            + put(0)
            + group(
                integer(3),
                text("|"),
                group(get(0), group(integer(2))),
                b"N",
                b"N",
                integer(8),
                integer(1),
                integer(0),
            )
            + b"b"
            + put(1)
            + b"0"
            + numpy_array(group(integer(1)), get(1), short_bytes(bytes(8))),
            False,
        ),
        (
            "an object array that holds itself",
            call(
                reference("numpy._core.multiarray", "_reconstruct"),
                reference("numpy", "ndarray"),
                group(integer(0)),
                short_bytes(b"b"),
            )
            + put(0)
            + group(integer(1), group(integer(1)), dtype("O8"), b"\x89", sequence(get(0)))
            + b"b",
            False,
        ),
    )
)


def _many(one: Callable[[int], bytes], count: int) -> Callable[[], bytes]:
    return lambda: _HEAD + b"](" + b"".join(map(one, range(count))) + b"e."


def _colliding(index: int) -> int:
    """Integers whose hash is the same, 0: multiples of the prime that Python hashes by."""
    return index * (2**61 - 1)


_FLOODS = (
    _flooding("None", _flood(b"N")),
    _flooding("None in a list", _flood(b"N", before=b"](")),
    _flooding(
        "appended numbers",
        _flood(b"K\x01a", before=b"]"),
        options=("--max-nodes", "50_000"),
        warns=True,
    ),
    _flooding("empty lists", _flood(b"]", before=b"](")),
    _flooding("empty dicts", _flood(b"}", before=b"](")),
    _flooding("marks", _flood(b"(")),
    _flooding("MEMOIZE", _flood(b"\x94", before=b"]")),
    _flooding("DUP", _flood(b"2", before=b"]")),
    _flooding("empty sets", _flood(b"\x8f", before=b"](")),
    _flooding("marks and POP_MARK", _flood(b"(1", before=b"]")),
    _flooding("pushes and POP", _flood(b"N0", before=b"]")),
    _flooding("BINGET", _flood(b"h\0", before=b"]q\0(")),
    _flooding("BINPUT", _flood(b"q\0", before=b"]")),
    _flooding("LONG_BINPUT of the same large index", _flood(b"r\xff\xff\xff\x7f", before=b"]")),
    _flooding("references", _flood(b"ca\nb\n", before=b"](")),
    _flooding("calls", _flood(b"h\0)R", before=b"](ca\nb\nq\0")),
    _flooding("calls, each of the last", _flood(b")R", before=b"ca\nb\n")),
    _flooding("BUILD", _flood(b"Nb", before=b"ca\nB\n)\x81")),
    _flooding("TUPLE1", _flood(b"\x85", before=b"N")),
    _flooding("persistent ids", _flood(b"NQ", before=b"](")),
    _flooding("buffers", _flood(b"\x97", before=b"](")),
    _flooding("extensions", _flood(b"\x82\x05", before=b"](")),
    _flooding("empty frames", _flood(b"\x95" + bytes(8), before=b"]")),
    _flooding("PROTO", _flood(b"\x80\x04", before=b"]")),
    _flooding("pickles", lambda: (_HEAD + b"N.") * (_FLOOD // 4)),
    _flooding("STOP", lambda: _HEAD + b"N" + b"." * _FLOOD),
    _flooding("STOP after numbers", lambda: b"N." * (_FLOOD // 2)),
    _heavy("20 MB in one text line", lambda: b"V" + b"x" * _LONG + b"\n."),
    _heavy("20 MB in one number", lambda: b"I" + b"1" * _LONG + b"\n."),
    _heavy("20 MB in one long", lambda: b"L" + b"1" * _LONG + b"L\n."),
    _heavy("20 MB in one float", lambda: b"F" + b"1" * _LONG + b"\n."),
    _heavy("20 MB in a module's name", lambda: b"c" + b"m" * _LONG + b"\nx\n."),
    _heavy("20 MB in a memo index", lambda: b"Np" + b"1" * _LONG + b"\n."),
    _heavy("20 MB in a persistent id", lambda: b"P" + b"1" * _LONG + b"\n."),
    _heavy("20 MB in one text", lambda: whole(text("x" * _LONG)), mebibytes=96, seconds=2.0),
    _heavy(
        "20 MB in one key",
        lambda: whole(mapping((text("x" * _LONG), b"N"))),
        mebibytes=96,
        seconds=2.0,
    ),
    _heavy(
        "20 MB in one class name",
        lambda: whole(text("m") + text("x" * _LONG) + b"\x93"),
        mebibytes=96,
        seconds=2.0,
    ),
    _heavy(
        "20 MB in one attribute name",
        lambda: whole(build(new(reference("a", "B")), mapping((text("x" * _LONG), b"N")))),
        mebibytes=96,
        seconds=2.0,
    ),
    _heavy(
        "20 MB in one dtype name",
        lambda: whole(call(reference("numpy", "dtype"), text("x" * _LONG))),
        mebibytes=96,
        seconds=2.0,
    ),
    _heavy(
        "20 MB in a LONG4",
        lambda: whole(b"\x8b" + struct.pack("<i", _LONG) + b"\x7f" * _LONG),
        mebibytes=96,
        seconds=2.0,
    ),
    _heavy(
        "20 MB in one bytes",
        lambda: whole(short_bytes(bytes(_LONG))),
        codes=(0,),
        mebibytes=16,
        seconds=1.0,
    ),
    _heavy(
        "30,000 keys",
        lambda: (
            _HEAD
            + b"}("
            + b"".join(b"J" + struct.pack("<i", i) + b"N" for i in range(30_000))
            + b"u."
        ),
    ),
    _heavy(
        "60,000 keys of one hash",
        lambda: (
            _HEAD + b"}(" + b"".join(integer(_colliding(i)) + b"N" for i in range(60_000)) + b"u."
        ),
        seconds=3.0,
    ),
    _heavy(
        "60,000 set items of one hash",
        lambda: (
            _HEAD + b"\x8f(" + b"".join(integer(_colliding(i)) for i in range(60_000)) + b"\x90."
        ),
        seconds=3.0,
    ),
    _heavy(
        "60,000 float keys of one hash",
        lambda: (
            _HEAD + b"}(" + b"".join(integer(2**61 * i + i) + b"N" for i in range(60_000)) + b"u."
        ),
        seconds=3.0,
    ),
    _heavy(
        "60,000 attribute names",
        lambda: (
            _HEAD
            + b"ca\nB\n)\x81}("
            + b"".join(text(f"a{i}") + b"N" for i in range(60_000))
            + b"ub."
        ),
        seconds=4.0,
    ),
    _heavy("20,000 class names", _many(lambda i: b"cm%d\nC%d\n" % (i, i), 20_000), seconds=8.0),
    _heavy(
        "10,000 objects of different classes",
        _many(lambda i: b"cm%d\nC%d\n)\x81}b" % (i, i), 10_000),
        seconds=8.0,
    ),
    _heavy(
        "10,000 class names in packages that exist",
        _many(lambda i: b"cjax._src.m%d\nC\n)\x81}b" % i, 10_000),
        seconds=8.0,
    ),
    _heavy(
        "10,000 names in one module that exists",
        _many(lambda i: b"cequinox.nn._mlp\nC%d\n)\x81}b" % i, 10_000),
        seconds=8.0,
    ),
    _heavy(
        "20,000 dtypes",
        _many(
            lambda i: numpy_array(
                b"K\x01\x85", call(reference("numpy", "dtype"), text(f"S{i}")), short_bytes(b"")
            ),
            20_000,
        ),
        seconds=8.0,
    ),
    _heavy(
        "20,000 shapes",
        _many(lambda i: numpy_array(integer(i) + b"\x85", dtype("f4"), short_bytes(b"")), 20_000),
        seconds=8.0,
    ),
    _heavy(
        "keys that differ at their end",
        lambda: whole(mapping(*((text("x" * 60_000 + str(i)), b"N") for i in range(300)))),
    ),
    _heavy(
        "giant integers as keys",
        lambda: whole(mapping(*((integer(2**80_000 + i), b"N") for i in range(300)))),
    ),
    _heavy(
        "giant integers in a list",
        lambda: whole(sequence(*(integer(2**80_000 + i) for i in range(300)))),
    ),
    _heavy(
        "numbers of 5,000 digits",
        lambda: whole(sequence(*(b"L" + b"7" * 5000 + b"L\n" for _ in range(300)))),
    ),
    _heavy(
        "a chain of lists, each with its own text",
        lambda: (
            _HEAD
            + b"".join(b"](" + text(f"t{i}") for i in range(60_000))
            + b"N"
            + b"e" * 60_000
            + b"."
        ),
    ),
    _heavy(
        "one shared list in 5,000 places",
        lambda: _HEAD + b"](K\x01K\x02K\x03eq\0](" + b"h\0" * 5_000 + b"e.",
        faces=("print", "json"),
    ),
    _heavy(
        "one shared array in 5,000 places",
        lambda: (
            _HEAD
            + numpy_array(b"K\x01\x85", dtype("f4"), short_bytes(bytes(4)))
            + b"q\0]("
            + b"h\0" * 5_000
            + b"e."
        ),
        faces=("print", "json"),
    ),
    _heavy(
        "one shared list of 2,000 in 2,000 places",
        lambda: _HEAD + b"](" + b"K\x01" * 2000 + b"eq\0](" + b"h\0" * 2000 + b"e.",
        output=2**27,
        seconds=40.0,
    ),
    _heavy(
        "a list of wide lists of wide lists",
        lambda: (
            _HEAD + b"](" + b"N" * 300 + b"eq\0](" + b"h\0" * 300 + b"eq\1](" + b"h\1" * 300 + b"e."
        ),
        output=2**31,
        seconds=60.0,
        mebibytes=1024,
    ),
)

_MEMOS = (
    Case(name="LONG_BINPUT of 4 billion", content=whole(b"N", put(2**32 - 1)), codes=(0, 2)),
    Case(name="PUT of ten to the 4,000", content=b"Np1" + b"0" * 4000 + b"\n.", codes=(0, 2)),
    Case(name="PUT of ten to the 5,000", content=b"Np1" + b"0" * 5000 + b"\n.", codes=(0, 2)),
    Case(
        name="memo indices far apart",
        content=whole(b"N", *(put(i * 4_000_037) for i in range(1000))),
        codes=(0, 2),
    ),
)

CASES = (*_LAUGHING, *_NESTED, *_TWISTED, *_MEMOS, *_FLOODS)
