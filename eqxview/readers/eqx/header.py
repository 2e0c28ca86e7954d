"""The header of a `.npy` record: dtype, order and shape, as a Python literal. Nothing is run."""

import re
from typing import NamedTuple

from eqxview.errors import UnreadableFile
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.described.descriptions import DictItems, DTypeDescription, Reference
from eqxview.readers.described.dtypes import MAX_DEPTH, dtype_facts
from eqxview.tree.sanitise import sanitise

MAGIC = b"\x93NUMPY"

MAX_HEADER = 1 << 20
"""Bytes of one header that are read: those of dtypes with fields can be long."""

# What NumPy writes for a dtype without fields; whatever else is a literal takes the slow way.
_USUAL = re.compile(
    r"\{'descr': '([^'\\]{1,32})', 'fortran_order': (True|False), 'shape': \(([0-9, ]*)\), \} *\n?"
)
_FIRST_READ = 256


class Header(NamedTuple):
    """What one record says of itself."""

    dtype: DTypeDescription
    is_fortran: bool
    shape: tuple[object, ...]
    """Of whatever the file has there: it is checked where arrays are."""
    code: str
    """The dtype as it is written, if it has no fields: `<f4`."""
    length: int
    """Bytes of the header, from the beginning of the record."""


class Headers:
    """The headers of one file. Records that say the same of themselves share one `Header`."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._known: dict[bytes, Header] = {}

    def at(self, position: int) -> Header:
        """The header of the record at `position`.

        Raises `UnreadableFile` where no record is, or its header is none.
        """
        head = self._source.read_at(position, _FIRST_READ)
        if not head.startswith(MAGIC):
            raise UnreadableFile(
                f"at byte {position:,} no array begins, but {sanitise(repr(head[:12]))}",
                hint="the file may have been written by another program, or with a filter_spec",
                offset=position,
            )
        length, begin = int.from_bytes(head[8:10], "little"), 10
        if head[6:7] != b"\x01":
            length, begin = int.from_bytes(head[8:12], "little"), 12
        if len(head) < begin or length > MAX_HEADER:
            raise _broken(position, f"it declares {length:,} bytes")
        if begin + length > len(head):
            rest = begin + length - len(head)
            head += self._source.read_at(position + len(head), rest)
            if len(head) < begin + length:
                raise _broken(position, "the file ends in it")
        head = head[: begin + length]
        known = self._known.get(head)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[head] = _parsed(head, begin, position)
        return known


_MOST_KNOWN = 1_000


def _parsed(head: bytes, begin: int, position: int) -> Header:
    text = head[begin:].decode("utf-8" if head[6] > 2 else "latin-1", "replace")
    usual = _USUAL.fullmatch(text)
    if usual is None:
        return _unusual(text, position, len(head))
    code, order, shape = usual.groups()
    sizes = tuple(int(size[:20]) for size in shape.replace(",", " ").split())
    return Header(_dtype(code, 0), order == "True", sizes, code, len(head))


def _unusual(text: str, position: int, length: int) -> Header:
    import ast  # 10 ms, for files that hold more than plain numbers

    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise _broken(position, "it is no Python literal") from None
    if not isinstance(found, dict) or not isinstance(found.get("shape"), tuple):
        raise _broken(position, "it has no shape")
    descr = found.get("descr")
    code = descr if isinstance(descr, str) else ""
    return Header(
        _dtype(descr, 0), found.get("fortran_order") is True, found["shape"], code, length
    )


def _broken(position: int, why: str) -> UnreadableFile:
    return UnreadableFile(
        f"the header of the array at byte {position:,} cannot be read: {why}",
        hint="a download or copy may be unfinished: compare its size with the original's",
        offset=position,
    )


_TIME = re.compile(r"([<>|=]?[Mm]8)\[(\d{0,9})(\w{1,2})\]")


def _dtype(descr: object, depth: int) -> DTypeDescription:
    """The dtype that a header describes, as a pickle would describe it."""
    if isinstance(descr, str):
        time = _TIME.fullmatch(descr)
        if time is not None:
            code, count, unit = time.groups()
            dtype = DTypeDescription(code)
            metadata = ({}, (unit.encode(), int(count or 1), 1, 1))
            dtype.state = (4, code[0], None, None, None, -1, -1, 0, metadata)
            return dtype
        # How NumPy writes what it has no code for; there is one dtype of two bytes among them.
        return DTypeDescription(Reference("ml_dtypes", "bfloat16") if descr == "<V2" else descr)
    if isinstance(descr, tuple) and len(descr) == 2 and depth < MAX_DEPTH:
        base = _dtype(descr[0], depth + 1)
        shape = descr[1] if isinstance(descr[1], tuple) else (descr[1],)
        size = dtype_facts(base).item_size or 0
        for axis in shape:
            size *= axis if isinstance(axis, int) and 0 <= axis < 2**31 else 0
        dtype = DTypeDescription(f"V{min(size, 2**31 - 1)}")
        dtype.state = (3, "|", (base, shape), None, None, min(size, 2**31 - 1), 1, 0)
        return dtype
    if isinstance(descr, list) and depth < MAX_DEPTH:
        return _structured(descr, depth)
    return DTypeDescription(None)


def _structured(descr: list[object], depth: int) -> DTypeDescription:
    names: list[str] = []
    fields: list[tuple[object, object]] = []
    offset = 0
    for item in descr[:1000]:
        if not isinstance(item, tuple) or len(item) not in (2, 3):
            return DTypeDescription(None)
        name, inner = item[0], item[1] if len(item) == 2 else (item[1], item[2])
        dtype = _dtype(inner, depth + 1)
        title = None
        if isinstance(name, tuple) and len(name) == 2:
            title, name = name
        if not isinstance(name, str):
            return DTypeDescription(None)
        if name:  # else it is the space between two fields
            names.append(name)
            fields.append((name, (dtype, offset) if title is None else (dtype, offset, title)))
        offset += dtype_facts(dtype).item_size or 0
    structured = DTypeDescription(f"V{offset}")
    structured.state = (3, "|", None, tuple(names), DictItems(fields), offset, 1, 0)
    return structured
