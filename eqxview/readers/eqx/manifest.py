"""The manifest of a checkpoint that `eqxcore.save` wrote, read and checked.

It stands behind the last record: BEGIN, JSON, the SHA-256 of that (32 bytes), its length (8,
little-endian), END. `eqxcore` has a reader of its own, which needs JAX.
"""

import hashlib
import json
from typing import Any, NamedTuple

from eqxview.errors import UnreadableFile
from eqxview.limits import Limits, over_limit
from eqxview.readers.byte_source import ByteSource
from eqxview.tree.sanitise import sanitise

BEGIN = b"\x93EQXMAN\n"
END = b"\x93EQXEND\n"
TAIL = 32 + 8 + len(END)

VERSION = 1

_GROWTH = 16
"""Bytes of memory that a byte of JSON may take."""

_TEXTS: dict[str, tuple[str, ...]] = {
    "array": ("class", "dtype"),
    "key": ("class", "dtype"),
    "number": ("class", "text"),
    "leaf": ("class", "text", "form"),
    "static": ("class", "text", "form"),
    "none": (),
    **dict.fromkeys(("list", "tuple", "namedtuple", "dict", "module", "node"), ("class",)),
}
"""The kinds of nodes, and what is text in each."""

LEAVES = frozenset({"array", "key", "number", "leaf", "static", "none"})
"""The kinds that have nothing below them."""


class Manifest(NamedTuple):
    """What a checkpoint says of itself."""

    nodes: list[dict[str, Any]]
    """In pre-order; all that is used of them has been checked."""
    sha256: str
    """The hash of the manifest, which holds those of all records: equal for equal pytrees."""
    begin: int
    """Where the records end."""


def find_manifest(source: ByteSource, limits: Limits) -> Manifest | None:
    """The manifest at the end of a file of known size; `None` where none ends there.

    Raises `UnreadableFile` for one that was damaged, or makes no sense.
    """
    size = source.size
    if size is None or size < len(BEGIN) + TAIL:
        return None
    tail = source.read_at(size - TAIL, TAIL)
    if not tail.endswith(END):
        return None
    length = int.from_bytes(tail[32:40], "little")
    begin = size - TAIL - length - len(BEGIN)
    if begin < 0:
        raise _damaged("it would begin before the file", size - TAIL)
    _check_length(length, limits, begin)
    return _parsed(source.read_at(begin, length + len(BEGIN) + TAIL), begin)


def manifest_at(source: ByteSource, begin: int, limits: Limits) -> Manifest:
    """The manifest that begins at `begin`, of a file whose end is not known.

    Raises `UnreadableFile` for one that breaks off, was damaged, or makes no sense.
    """
    longest = limits.memory // _GROWTH
    block = source.read_at(begin, longest + 1)
    _check_length(len(block), limits, begin)
    return _parsed(block, begin)


def _check_length(length: int, limits: Limits, begin: int) -> None:
    if length > limits.memory // _GROWTH:
        raise over_limit(
            f"the manifest of the checkpoint has {length:,} bytes",
            flag="--max-memory",
            offset=begin,
        )


def _parsed(block: bytes, begin: int) -> Manifest:
    text, tail = block[len(BEGIN) : -TAIL], block[-TAIL:]
    if not block.startswith(BEGIN) or not tail.endswith(END):
        raise _damaged("it breaks off", begin)
    if hashlib.sha256(text).digest() != tail[:32]:
        raise _damaged("it is not the one that was written", begin)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError, MemoryError):
        raise _damaged("it is no JSON", begin) from None
    if not isinstance(found, dict) or found.get("format") != "eqxcore checkpoint":
        raise _damaged("it is of another format", begin)
    if found.get("version") != VERSION:
        raise UnreadableFile(
            f"the checkpoint is of version {sanitise(repr(found.get('version')))} of the format, "
            f"and only version {VERSION} is known",
            hint="python -m pip install --upgrade eqxview",
            offset=begin,
        )
    nodes = found.get("nodes")
    if not isinstance(nodes, list) or not nodes:
        raise _damaged("it lists no nodes", begin)
    for place, node in enumerate(nodes):
        problem = _problem_of(place, node, nodes, begin)
        if problem is not None:
            raise _damaged(f"node {place:,} {problem}", begin)
    return Manifest(nodes, tail[:32].hex(), begin)


def _damaged(why: str, offset: int) -> UnreadableFile:
    return UnreadableFile(
        f"the manifest of the checkpoint cannot be used: {why}",
        hint="fetch the file again from where it came",
        offset=offset,
    )


def _problem_of(place: int, node: Any, nodes: list[Any], end: int) -> str | None:
    if not isinstance(node, dict) or type(node.get("kind")) is not str:
        return "has no kind"
    kind = node["kind"]
    if kind not in _TEXTS:
        return "is of an unknown kind"
    if any(type(node.get(name)) is not str for name in _TEXTS[kind]):
        return f"lacks one of {', '.join(_TEXTS[kind])}"
    if place:
        parent = node.get("parent")
        if type(parent) is not int or not 0 <= parent < place:
            return "has no parent before it"
        if type(node.get("entry")) is not str or nodes[parent]["kind"] in LEAVES:
            return "hangs on what has nothing below it"
    if kind in ("array", "key", "number"):
        offset, length = node.get("offset"), node.get("length")
        if type(offset) is not int or type(length) is not int:
            return "has no record"
        if offset < 0 or length < 0 or offset + length > end:
            return "has a record outside of the file"
    if kind in ("array", "key") and not isinstance(node.get("shape"), list):
        return "has no shape"
    return None
