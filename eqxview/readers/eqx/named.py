"""What the nodes of a manifest are: sights of a tree that knows its names."""

from typing import Any

from eqxview.errors import UnreadableFile
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.described.array_types import array_type
from eqxview.readers.described.descriptions import (
    ArrayDescription,
    DTypeDescription,
    Payload,
    Reference,
)
from eqxview.readers.described.dtypes import ML_DTYPES, dtype_facts
from eqxview.readers.described.values import StoredValues
from eqxview.readers.eqx.header import Header, Headers
from eqxview.readers.eqx.manifest import Manifest
from eqxview.readers.eqx.records import array_of
from eqxview.tree.columns import ArrayFacts
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import named_text
from eqxview.tree.walk import Child, Sight, Standing


class NamedNode:
    """A node of a manifest, with those below it."""

    __slots__ = ("bits", "children", "node")

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        self.children: list[Child] = []
        self.bits: ArrayDescription | None = None
        """Of typed PRNG keys, the array that holds them."""


def named_root(manifest: Manifest, source: ByteSource) -> object:
    """The root of the pytree that a manifest describes, for `NamedLook`."""
    describe = _Describe(source)
    made: list[object] = []
    for place, node in enumerate(manifest.nodes):
        value = describe(node)
        made.append(value)
        if place:
            above = made[node["parent"]]
            assert type(above) is NamedNode  # the manifest has been checked
            standing = Standing.STATIC if node["kind"] == "static" else Standing.CHILD
            above.children.append(Child(_index(node["entry"], above), value, standing))
    return made[0]


def _index(entry: str, above: NamedNode) -> str | int:
    """The entry; that of an item of a sequence as its index."""
    index = len(above.children)
    if above.node["kind"] in ("list", "tuple") and entry == f"[{index}]":
        return index
    return sanitise(entry)


class _Describe:
    """Makes descriptions of nodes."""

    def __init__(self, source: ByteSource) -> None:
        self._headers = Headers(source)
        # What many arrays have in common is worked out once, and shared: that they share it is
        # how whoever draws them knows.
        self._dtypes: dict[tuple[str, str], DTypeDescription | None] = {}

    def __call__(self, node: dict[str, Any]) -> object:
        if node["kind"] == "none":
            return None
        described = NamedNode(node)
        if node["kind"] not in ("array", "key"):
            return described
        try:
            header = self._headers.at(node["offset"])
        except UnreadableFile:
            return described  # shown as a problem
        array = array_of(header)
        begin, end = node["offset"] + header.length, node["offset"] + node["length"]
        array.data = Payload(begin, max(end - begin, 0), "bytes")
        if node["kind"] == "key":
            described.bits = array
            return described
        if header.code:
            array.dtype = self._dtype(header, node["dtype"])
        if array.dtype is None or tuple(node["shape"]) != header.shape:
            return described  # shown as a problem
        if node["class"] == "jax.Array":
            array.library = "jax"
            array.is_weak = node.get("weak") is True
        array.is_scalar = node["class"].startswith("numpy.") and node["class"] != "numpy.ndarray"
        return array

    def _dtype(self, header: Header, name: str) -> DTypeDescription | None:
        """The dtype of that name, as the header has it; `None` if it has another."""
        key = header.code, name
        if key not in self._dtypes:
            if len(self._dtypes) >= _MOST_DTYPES:
                self._dtypes.clear()
            dtype = header.dtype
            # NumPy keeps no names of these; those of its own are in the header.
            if name in ML_DTYPES and header.code == f"<V{ML_DTYPES[name]}":
                dtype = DTypeDescription(Reference("ml_dtypes", name))
            self._dtypes[key] = dtype if dtype_facts(dtype).name == name else None
        return self._dtypes[key]


_MOST_DTYPES = 1_000


class NamedLook:
    """Says what a node of a manifest is: one level. Arrays are known elsewhere."""

    def __init__(self, values: StoredValues) -> None:
        self._values = values

    def __call__(self, description: object) -> Sight | None:
        """What `description` is, if it is a node of a manifest."""
        if type(description) is not NamedNode:
            return None
        node = description.node
        kind = node["kind"]
        if kind in ("array", "key"):
            return self._keys(description) or _damaged_array(node)
        if kind == "number":
            return _value(node, "value")
        if kind in ("leaf", "static"):
            return _value(node, node["form"])
        return Sight(
            _CONTAINERS[kind],
            _type_name(node["class"]),
            is_leaf=False,
            children=description.children,
            preview="{}" if kind == "dict" and not description.children else None,
            hashing=_HASHING.get(kind, Hashing.UNKNOWN),
        )

    def _keys(self, described: NamedNode) -> Sight | None:
        """Typed PRNG keys; `None` where their bits are not there."""
        node, bits = described.node, described.bits
        if bits is None:
            return None
        kind = array_type(bits.dtype, bits.shape)
        shape = tuple(node["shape"])
        present = bits.data.length if type(bits.data) is Payload else 0
        if kind.problem is not None or kind.nbytes != present:
            return None
        if kind.shape[: len(shape)] != shape:
            return None
        return Sight(
            Kind.ARRAY,
            ("Array", "jax.Array"),
            is_leaf=True,
            array=ArrayFacts(sanitise(node["dtype"], limit=32), shape, kind.nbytes),
            handle=self._values.remember(bits, None, kind.shape),
        )


_CONTAINERS = {
    "list": Kind.LIST,
    "tuple": Kind.TUPLE,
    "namedtuple": Kind.NAMEDTUPLE,
    "dict": Kind.DICT,
    "module": Kind.MODULE,
    "node": Kind.PYTREE,
}
_HASHING = {
    "list": Hashing.UNHASHABLE,
    "tuple": Hashing.BY_VALUE,
    "namedtuple": Hashing.BY_VALUE,
    "dict": Hashing.UNHASHABLE,
}


def _type_name(name: str) -> tuple[str, str]:
    return sanitise(name.rpartition(".")[2]), sanitise(name)


def _damaged_array(node: dict[str, Any]) -> Sight:
    problem = "its record is not the one that the manifest describes"
    return Sight(
        Kind.OPAQUE,
        _type_name(node["class"]),
        is_leaf=True,
        text=f"<damaged array: {problem}>",
        hashing=Hashing.UNHASHABLE,
        flags=Flag.PROBLEM,
        notes=(problem,),
    )


_VALUES = {
    "builtins.bool": Kind.BOOL,
    "builtins.int": Kind.NUMBER,
    "builtins.float": Kind.NUMBER,
    "builtins.complex": Kind.NUMBER,
    "builtins.str": Kind.TEXT,
    "builtins.bytes": Kind.BYTES,
    "builtins.tuple": Kind.TUPLE,
    "builtins.NoneType": Kind.NONE,
}
_UNHASHABLE = frozenset({"builtins.list", "builtins.dict", "builtins.set", "builtins.bytearray"})


def _value(node: dict[str, Any], form: str) -> Sight:
    """What stands in the manifest as text."""
    text, cls = node["text"], node["class"]
    if form in ("function", "class"):
        # As a live function is shown: its name in the line, where it is from in its type.
        return Sight(
            Kind.FUNCTION if form == "function" else Kind.CLASS,
            (form, sanitise(text)),
            is_leaf=True,
            text=named_text(form, text.rpartition(".")[2]),
            hashing=Hashing.BY_IDENTITY,
        )
    hashing = Hashing.BY_VALUE if form == "value" else Hashing.UNKNOWN
    shown = sanitise(text, limit=400)
    return Sight(
        _VALUES.get(cls, Kind.OPAQUE),
        _type_name(cls),
        is_leaf=True,
        text=shown,
        preview=shown,
        hashing=Hashing.UNHASHABLE if cls in _UNHASHABLE else hashing,
    )
