"""Files of arrays that lie: `.npy` headers, Equinox's files, manifests of checkpoints."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from hostile.assemble import call, reference, text, whole
from hostile.case import MARKER, Case

BEGIN, END = b"\x93EQXMAN\n", b"\x93EQXEND\n"
ESCAPE = "\x1b]52;c;x\x07\u202e[/nope]"


def record(
    shape: str = "(2,)", descr: str = "'<f4'", data: bytes = bytes(8), *, version: int = 1
) -> bytes:
    """A `.npy` record with whatever header."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"
    return with_header(header.encode("latin-1", "replace"), data, version=version)


def with_header(header: bytes, data: bytes = b"", *, version: int = 1) -> bytes:
    size = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


ONE = record()
_ARRAY = {
    "kind": "array",
    "class": "jax.Array",
    "dtype": "float32",
    "shape": [2],
    "offset": 0,
    "length": len(ONE),
    "sha256": hashlib.sha256(ONE).hexdigest(),
}


def checkpoint(
    nodes: Any = None, records: bytes = ONE, *, manifest: bytes | None = None, **other: Any
) -> bytes:
    """A checkpoint whose hashes are right, whatever its manifest says."""
    told = {"format": "eqxcore checkpoint", "version": 1, "nodes": nodes, **other}
    body = json.dumps(told).encode() if manifest is None else manifest
    tail = hashlib.sha256(body).digest() + len(body).to_bytes(8, "little") + END
    return records + BEGIN + body + tail


ROOT = {"kind": "dict", "class": "builtins.dict"}


def leaf(**changes: Any) -> dict[str, Any]:
    return {"parent": 0, "entry": "['w']", **_ARRAY, **changes}


def static(**changes: Any) -> dict[str, Any]:
    node = {"kind": "static", "class": "builtins.str", "text": "'x'", "form": "value"}
    return {"parent": 0, "entry": ".mode", **node, **changes}


HONEST = checkpoint([ROOT, leaf(), static()])


def _many(count: int, **changes: Any) -> Callable[[], bytes]:
    return lambda: checkpoint([ROOT, *(leaf(entry=f"[{n}]", **changes) for n in range(count))])


def _chain(count: int) -> bytes:
    nodes: list[dict[str, Any]] = [{"kind": "list", "class": "builtins.list"}]
    for place in range(count):
        nodes.append(
            {"kind": "list", "class": "builtins.list", "parent": place, "entry": "[0]" * 3}
        )
    return checkpoint(nodes)


def _case(name: str, content: bytes | Callable[[], bytes], **expected: Any) -> Case:
    return Case(name=name, content=content, suffix=expected.pop("suffix", ".eqx"), **expected)


_BROKEN: dict[str, Any] = {"codes": (2,)}
_WIDE: dict[str, Any] = {
    "seconds": 12.0,
    "mebibytes": 256,
    "output": 2**26,
    "faces": ("print",),
}
_EVIL = whole(call(reference("os", "system"), text(f"touch {MARKER}")))


def _fields(count: int) -> str:
    return "".join(f"('f{n}', '<f4'), " for n in range(count))


def _nested(depth: int) -> str:
    return "[('a', " * depth + "'<f4'" + ")]" * depth


_NPY = (
    _case("honest", ONE + ONE, shows=("<flat index 1>",)),
    _case("array of objects, which are a pickle", record("(1,)", "'|O'", _EVIL), **_BROKEN),
    _case("header that calls", with_header(b"__import__('os').system('x')"), **_BROKEN),
    _case("header nested 10,000 deep", with_header(b"(" * 10_000), **_BROKEN),
    _case("header of a megabyte of minus signs", with_header(b"-" * 10**6, version=2), **_BROKEN),
    _case("header that ends nowhere", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", **_BROKEN),
    _case("header of no bytes", with_header(b""), **_BROKEN),
    _case("header of version 255", with_header(b"{}", version=255), **_BROKEN),
    _case("magic alone", b"\x93NUMPY", **_BROKEN),
    _case("shape of a terabyte", record("(1099511627776,)"), **_BROKEN),
    _case("shape beyond 64 bits", record(f"({2**62}, {2**62})"), **_BROKEN),
    _case("shape of a number of 10,000 digits", record(f"({'9' * 10_000},)"), **_BROKEN),
    _case("negative shape", record("(-2,)"), **_BROKEN),
    _case("shape of texts", record("('2',)"), **_BROKEN),
    _case("shape that is a number", record("2"), **_BROKEN),
    _case("shape of 1,000 ones", record(f"({'1, ' * 1000})"), **_BROKEN),
    _case("zero times a huge size", record(f"(0, {2**39})", data=b""), shows=("<flat index 0>",)),
    _case("dtype of 2 GB", record("(1,)", "'|V2147483647'"), **_BROKEN),
    _case("dtype that is no dtype", record("(1,)", "'rm -rf'"), **_BROKEN),
    _case("dtype that is a dict", record("(1,)", "{'a': 1}"), **_BROKEN),
    _case("dtype of 5,000 fields", record("(1,)", f"[{_fields(5000)}]", version=2), **_BROKEN),
    _case("dtype of fields in fields", record("(1,)", _nested(40)), **_BROKEN),
    _case(
        "dtype of fields with names that act on a screen",
        record("(1,)", f"[({ESCAPE!r}, '<f4')]", bytes(4)),
        codes=(0, 2),
    ),
    _case("array that is cut", record(data=bytes(5)), **_BROKEN),
    _case("array, then nonsense", ONE + b"\x1b[2J" * 10, **_BROKEN, shows=("<flat index 0>",)),
    _case(
        "100,000 arrays of nothing",
        record("(0,)", data=b"") * 100_000,
        seconds=12.0,
        mebibytes=256,
        output=2**26,
        faces=("print",),
    ),
    _case("text in front that acts on a screen", f"{ESCAPE}\n".encode() + ONE, warns=True),
    _case("64 KB of text in front", b"x" * 65_000 + b"\n" + ONE, warns=True),
    _case("named .npy and empty of arrays", b"hello", suffix=".npy", **_BROKEN),
)

_MANIFESTS: tuple[tuple[str, Any], ...] = (
    ("no JSON", b"{"),
    ("JSON nested a million deep", b"[" * 10**6),
    ("a number of a million digits", b"9" * 10**6),
    ("nothing", b""),
    ("not UTF-8", b'{"a": "\xff"}'),
    ("a text", b'"eqxcore checkpoint"'),
)

_LIES: tuple[tuple[str, Any], ...] = (
    ("no nodes", []),
    ("nodes that are a text", "nodes"),
    ("nodes that are numbers", [1, 2]),
    ("a kind that is a list", [{"kind": ["array"]}]),
    ("an unknown kind", [{"kind": "call", "class": "os.system"}]),
    ("a parent that comes later", [ROOT, leaf(parent=1)]),
    ("a parent that is true", [ROOT, leaf(parent=True)]),
    ("a parent that is a leaf", [ROOT, leaf(), leaf(parent=1)]),
    ("a parent of minus one", [ROOT, leaf(parent=-1)]),
    ("an entry that is a number", [ROOT, leaf(entry=1)]),
    ("a class that is null", [ROOT, leaf(**{"class": None})]),
    ("a record before the file", [ROOT, leaf(offset=-5)]),
    ("a record behind the file", [ROOT, leaf(offset=2**70)]),
    ("a record of a huge length", [ROOT, leaf(length=2**70)]),
    ("a shape that is a text", [ROOT, leaf(shape="22")]),
)

_SHOWN: tuple[tuple[str, Any], ...] = (
    ("another shape than its record", leaf(shape=[3])),
    ("a shape of lists", leaf(shape=[[2]])),
    ("a shape beyond 64 bits", leaf(shape=[2**70])),
    ("a record that is cut", leaf(length=len(ONE) - 4)),
    ("a record of no bytes", leaf(length=0)),
    ("a record that is none", leaf(offset=3, length=10)),
    ("a dtype that acts on a screen", leaf(dtype=ESCAPE)),
    ("keys without their bits", leaf(kind="key", dtype="key<fry>", shape=[5, 5])),
    ("keys of a shape of texts", leaf(kind="key", dtype="key<fry>", shape=["2"])),
)

CASES = (
    *_NPY,
    _case("honest checkpoint", HONEST, shows=("['w']",)),
    _case("checkpoint cut by a byte", HONEST[:-1], **_BROKEN),
    _case("checkpoint cut in its manifest", HONEST[:-100], **_BROKEN),
    _case("checkpoint with bytes behind it", HONEST + b"\n", **_BROKEN),
    _case(
        "checkpoint with a flipped bit", HONEST.replace(b"'w'", b"'v'"), **_BROKEN, shows=("<flat",)
    ),
    _case("checkpoint of a length beyond the file", HONEST[:-16] + b"\xff" * 8 + END, **_BROKEN),
    _case("checkpoint of another format", checkpoint([ROOT], format="x"), **_BROKEN),
    _case("checkpoint of version 99", checkpoint([ROOT], version=99), **_BROKEN),
    *(
        _case(f"manifest that is {name}", checkpoint(manifest=body), **_BROKEN)
        for name, body in _MANIFESTS
    ),
    *(_case(f"manifest of {name}", checkpoint(nodes), **_BROKEN) for name, nodes in _LIES),
    *(
        _case(f"leaf of {name}", checkpoint([ROOT, node]), warns=True, shows=("['w']",))
        for name, node in _SHOWN
    ),
    _case(
        "texts that act on a screen",
        checkpoint(
            [
                {"kind": "module", "class": ESCAPE},
                leaf(entry=ESCAPE, **{"class": ESCAPE}),
                static(text=ESCAPE, entry=f".{ESCAPE}"),
                static(text=ESCAPE, form="function"),
                static(text=ESCAPE, form=ESCAPE, **{"class": ESCAPE}),
                {
                    "parent": 0,
                    "entry": "",
                    "kind": "number",
                    "text": ESCAPE,
                    "class": ESCAPE,
                    "offset": 0,
                    "length": 0,
                },
            ]
        ),
    ),
    _case("a text of 10 MB", lambda: checkpoint([ROOT, static(text="x" * 10**7)]), mebibytes=160),
    _case("an entry of 10 MB", lambda: checkpoint([ROOT, leaf(entry="x" * 10**7)]), mebibytes=160),
    _case(
        "lists nested 100,000 deep",
        lambda: _chain(100_000),
        codes=(2,),
        says=("shown only in part",),
        seconds=8.0,
        mebibytes=400,
    ),
    _case(
        "20,000 arrays that are all the same record",
        _many(20_000),
        **_WIDE,
    ),
    _case("two of the same entry", checkpoint([ROOT, leaf(), leaf()]), shows=("['w']",)),
)
