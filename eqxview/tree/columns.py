"""A pytree as columns: one row per node, in pre-order, a few small integers each.

A subtree is a slice: the node at `row` and everything below it are the rows
`row .. end[row] - 1`. So folding, counting and summing are arithmetic on columns, a node
costs about 60 bytes whatever it stands for, and a million leaves are tens of megabytes.
Strings, shapes and dtypes are kept once each, in tables; the columns hold their indices.

The columns are `array.array`s of the standard library: printing a file needs no NumPy, and
NumPy can look at them without a copy (`numpy.frombuffer`).
"""

from array import array
from collections.abc import Iterator
from itertools import accumulate, compress, islice
from math import prod
from operator import ne
from typing import Any, NamedTuple, Protocol

from eqxview.tree.kinds import Cut, Flag, Hashing, Kind, Role
from eqxview.tree.sanitise import sanitise

NOTHING = -1
"""In a column of table indices: this node has none."""

_LEAF_ROLES = frozenset({Role.DYNAMIC, Role.STATIC_LEAF})


class Placement(NamedTuple):
    """Where an array lives."""

    device: str
    """The device, or for several of them their platform and number, e.g. `cuda:0`, `cpu×8`."""
    sharding: str
    """The sharding as JAX prints it; empty for host arrays."""
    devices: tuple[str, ...] = ()
    """Every device, by its number: `("cpu:0", "cpu:1")`."""
    grid: tuple[int, ...] = ()
    """Into how many blocks each axis is cut."""
    blocks: tuple[int, ...] = ()
    """The block that each of `devices` holds: its number in the grid, in the order of rows."""
    mesh: tuple[tuple[str, int], ...] = ()
    """Names and sizes of the mesh's axes; empty where the sharding has no mesh."""
    spec: str = ""
    """The PartitionSpec, `P('data', None)`; empty where the sharding has none."""
    memory: str = ""
    """The kind of memory, e.g. `pinned_host`; empty for the device's usual one."""
    elsewhere: tuple[str, ...] = ()
    """Those of `devices` that belong to other processes: their shards cannot be read here."""

    @property
    def block_count(self) -> int:
        """Into how many blocks an array is cut; 1 where every device holds all of it."""
        return prod(self.grid)

    @property
    def copies(self) -> int:
        """How many devices hold the same block."""
        return max(1, len(self.devices) // self.block_count)

    def shard_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one block of an array of `shape`."""
        return tuple(axis // count for axis, count in zip(shape, self.grid, strict=True))


class ArrayFacts(NamedTuple):
    """What is known of an array without its values."""

    dtype: str
    """As NumPy or JAX names it, sanitised: `float32`, `bfloat16`, `key<fry>`."""
    shape: tuple[int, ...]
    nbytes: int
    placement: Placement | None = None


class Totals(NamedTuple):
    """Sums over a subtree. A shared array counts once, where it first appears."""

    leaves: int
    """Leaves that JAX sees, shared ones at every place they appear."""
    arrays: int
    """Array leaves among them."""
    parameters: int
    """Elements of the array leaves."""
    nbytes: int
    """Bytes of the array leaves."""


class ValueSource(Protocol):
    """Fetches the value of one array leaf, when somebody asks for it."""

    def fetch(self, tree: "Tree", row: int) -> object:
        """The array at `row` as a NumPy array.

        Raises `eqxview.errors.EqxviewError` where the value is gone or cannot be read.
        """
        ...


class NoValues:
    """The source of a tree whose values cannot be had."""

    def fetch(self, tree: "Tree", row: int) -> object:
        """Never returns."""
        from eqxview.errors import UnreadableFile

        raise UnreadableFile(f"the value of {tree.path(row) or 'the root'} was not kept")


class Tree:
    """The facts about every node of one pytree. Built by `TreeBuilder`, then not changed."""

    # No dataclass: importing `dataclasses` takes 10 ms, a third of what a small file does.
    __slots__ = (
        "__weakref__",
        "_child_counts",
        "_sums",
        "cuts",
        "depth",
        "dtype",
        "dtypes",
        "end",
        "flags",
        "handle",
        "hashing",
        "kind",
        "name",
        "names",
        "nbytes",
        "notes",
        "parent",
        "place",
        "places",
        "remarks",
        "role",
        "shape",
        "shapes",
        "size",
        "text",
        "texts",
        "ties",
        "type",
        "types",
        "values",
    )

    parent: array
    """Row of the parent; `-1` for the root."""
    depth: array
    """Steps from the root, which is at 0."""
    end: array
    """One past the last row of the subtree."""
    kind: array
    role: array
    flags: array
    hashing: array
    name: array
    """Index into `names`; or, for item `i` of a sequence, `-2 - i`."""
    type: array
    """Index into `types`."""
    dtype: array
    """Index into `dtypes`, `-1` for what is no array."""
    shape: array
    """Index into `shapes`, `-1` for what is no array."""
    text: array
    """Index into `texts` (the value in one line), `-1` for none."""
    place: array
    """Index into `places`, `-1` for none."""
    nbytes: array
    size: array
    """Elements of an array; 0 for what is no array."""
    handle: array
    """What the value source finds the array by (a byte offset, an index); `-1` for none."""

    names: list[str]
    """Entries of key paths, sanitised: `.weight`, `['kernel']`."""
    types: list[tuple[str, str]]
    """Pairs of short and full class name: `("Linear", "eqxcore.nn._linear.Linear")`."""
    dtypes: list[str]
    shapes: list[tuple[int, ...]]
    texts: list[str]
    places: list[Placement]

    ties: dict[int, int]
    """Row of a shared array to the number of its tie, from 1: equal numbers, same array."""
    notes: dict[int, list[str]]
    """Remarks on single nodes, e.g. where a field's role was learnt, or what is wrong."""
    cuts: tuple[Cut, ...]
    """Why the tree shows only a part of what there is; empty where it shows all."""
    values: ValueSource
    _sums: "tuple[array, ...] | None"
    _child_counts: dict[int, int]
    remarks: dict[tuple[int, int, int], str]
    """The ends of lines said so far: many nodes end alike. Filled by `leaf_line`."""

    def __init__(self) -> None:
        self.parent = array("i")
        self.depth = array("i")
        self.end = array("i")
        self.kind = array("B")
        self.role = array("B")
        self.flags = array("H")
        self.hashing = array("B")
        self.name = array("i")
        self.type = array("i")
        self.dtype = array("i")
        self.shape = array("i")
        self.text = array("i")
        self.place = array("i")
        self.nbytes = array("q")
        self.size = array("q")
        self.handle = array("q")
        self.names = []
        self.types = []
        self.dtypes = []
        self.shapes = []
        self.texts = []
        self.places = []
        self.ties = {}
        self.notes = {}
        self.cuts = ()
        self.values = NoValues()
        self._sums = None
        self._child_counts = {}
        self.remarks = {}

    def __len__(self) -> int:
        return len(self.parent)

    def entry(self, row: int) -> str:
        """The last step of the key path of `row`; empty for the root."""
        index = self.name[row]
        if index <= -2:
            return f"[{-2 - index}]"
        return self.names[index] if index >= 0 else ""

    def entries(self, row: int) -> list[str]:
        """The steps from the root to `row`."""
        steps: list[str] = []
        parent, entry = self.parent, self.entry
        while row > 0:
            steps.append(entry(row))
            row = parent[row]
        steps.reverse()
        return steps

    def path(self, row: int) -> str:
        """The key path of `row`, as `jax.tree_util.keystr` prints it."""
        return "".join(self.entries(row))

    def label(self, row: int) -> str:
        """What a row is called in an outline: its entry, or the class for the root."""
        return self.entry(row) if row else self.type_name(row)

    def type_name(self, row: int) -> str:
        """The short class name, e.g. `Linear`."""
        return self.types[self.type[row]][0]

    def type_path(self, row: int) -> str:
        """The class name with its module, e.g. `eqxcore.nn._linear.Linear`."""
        return self.types[self.type[row]][1]

    def value_text(self, row: int) -> str:
        """The value in one line, e.g. `<function relu>`; empty for containers and arrays."""
        index = self.text[row]
        return self.texts[index] if index >= 0 else ""

    def dtype_name(self, row: int) -> str | None:
        """The dtype as NumPy names it, `None` for what is no array."""
        index = self.dtype[row]
        return self.dtypes[index] if index >= 0 else None

    def array_shape(self, row: int) -> tuple[int, ...] | None:
        """The shape of an array, `None` for what is no array."""
        index = self.shape[row]
        return self.shapes[index] if index >= 0 else None

    def placement(self, row: int) -> Placement | None:
        """Where the array lives; `None` where that is not known, as for arrays in a file."""
        index = self.place[row]
        return self.places[index] if index >= 0 else None

    def has_flag(self, row: int, flag: Flag) -> bool:
        """Whether all of `flag` is set on `row`."""
        return self.flags[row] & int(flag) == int(flag)

    def is_leaf(self, row: int) -> bool:
        """Whether JAX sees a leaf here.

        Below a class that the file does not tell us about, what has no children is taken
        for a leaf.
        """
        role = self.role[row]
        if role == Role.UNKNOWN:
            return self.end[row] == row + 1
        return role in _LEAF_ROLES

    def leaves(self) -> Iterator[int]:
        """The rows of the leaves, in the order of `jax.tree_util.tree_leaves`."""
        return (row for row in range(len(self)) if self.is_leaf(row))

    def children(self, row: int) -> Iterator[int]:
        """The rows directly below `row`, static fields and holes included."""
        child, stop, end = row + 1, self.end[row], self.end
        while child < stop:
            yield child
            child = end[child]

    def find(self, path: str) -> int | None:
        """The row with this key path, or `None`."""
        row, rest = 0, path
        while rest:
            for child in self.children(row):
                entry = self.entry(child)
                if rest.startswith(entry) and rest[len(entry) : len(entry) + 1] in ("", ".", "["):
                    row, rest = child, rest[len(entry) :]
                    break
            else:
                return None
        return row

    def child_count(self, row: int) -> int:
        """How many rows are directly below `row`."""
        if self.end[row] - row <= _MANY_ROWS:
            return sum(1 for _ in self.children(row))
        # Asked for each time that the line of a long list is drawn.
        count = self._child_counts.get(row)
        if count is None:
            count = self._child_counts[row] = sum(1 for _ in self.children(row))
        return count

    def totals(self, row: int = 0) -> Totals:
        """Sums over the subtree at `row`; the first call walks the tree once."""
        stop = self.end[row]
        return Totals(*(sums[stop] - sums[row] for sums in self._running_sums()))

    def running_bytes(self) -> array:
        """For each row the bytes of all rows before it; one more at the end.

        The bytes of a subtree are a difference: `running[end[row]] - running[row]`.
        """
        return self._running_sums()[-1]

    def _running_sums(self) -> tuple[array, ...]:
        if self._sums is None:
            large = len(self) > _MANY_ROWS
            self._sums = self._prefix_sums_vectorised() if large else self._prefix_sums()
        return self._sums

    def _prefix_sums(self) -> tuple[array, ...]:
        leaf = [self.is_leaf(row) for row in range(len(self))]
        is_array = [is_leaf and shape >= 0 for is_leaf, shape in zip(leaf, self.shape, strict=True)]
        counted = list(is_array)
        for row in self._repeated_ties():
            counted[row] = False
        return tuple(
            array("q", accumulate(column, initial=0))
            for column in (
                leaf,
                is_array,
                (size if once else 0 for once, size in zip(counted, self.size, strict=True)),
                (size if once else 0 for once, size in zip(counted, self.nbytes, strict=True)),
            )
        )

    def _prefix_sums_vectorised(self) -> tuple[array, ...]:
        # A million rows take 0.02 s, and 1 s one by one: worth importing NumPy (0.1 s).
        import numpy as np

        role = np.frombuffer(self.role, np.uint8)
        end = np.frombuffer(self.end, np.int32)
        childless = end == np.arange(1, len(end) + 1)
        leaf = np.isin(role, [int(known) for known in _LEAF_ROLES])
        leaf |= (role == int(Role.UNKNOWN)) & childless
        is_array = leaf & (np.frombuffer(self.shape, np.int32) >= 0)
        counted = is_array.copy()
        counted[list(self._repeated_ties())] = False
        size, nbytes = (
            np.where(counted, np.frombuffer(column, np.int64), 0)
            for column in (self.size, self.nbytes)
        )
        sums = []
        for typecode, column in (("i", leaf), ("i", is_array), ("q", size), ("q", nbytes)):
            total = array(typecode, bytes(array(typecode).itemsize * (len(self) + 1)))
            view = np.frombuffer(total, np.dtype(typecode))
            np.cumsum(column, dtype=view.dtype, out=view[1:])
            sums.append(total)
        return tuple(sums)

    def _repeated_ties(self) -> Iterator[int]:
        """The rows of shared arrays that have appeared, as an array leaf, in a row before."""
        seen: set[int] = set()
        for row, tie in self.ties.items():
            if not self.is_leaf(row) or self.shape[row] < 0:
                continue
            if tie in seen:
                yield row
            seen.add(tie)


class TreeBuilder:
    """Fills the columns of a `Tree`, row by row in pre-order."""

    def __init__(self) -> None:
        self.tree = Tree()
        self._count = 0
        # Rows wait here, one behind the other, and go into the columns many at a time:
        # appending to fifteen arrays for each row is a third of the time of building a tree.
        self._waiting: list[int] = []
        self._names: dict[str, int] = {"": NOTHING}
        self._types: dict[tuple[str, str], int] = {}
        self._dtypes: dict[str, int] = {}
        self._shapes: dict[tuple[int, ...], int] = {}
        self._texts: dict[str, int] = {}
        self._places: dict[Placement, int] = {}

    def __len__(self) -> int:
        return self._count

    def add(
        self,
        entry: "str | int",
        parent: int,
        depth: int,
        *,
        kind: Kind,
        role: Role,
        type_name: tuple[str, str],
        text: str | None = None,
        hashing: Hashing = Hashing.NOT_STATIC,
        flags: int = 0,
        array: "ArrayFacts | None" = None,
        handle: int = NOTHING,
    ) -> int:
        """Append a node and return its row. An `int` entry is the index of a sequence item.

        `handle` is what the value source finds an array by. Texts must be sanitised already.
        """
        alike = self.alike(kind, type_name, text, flags, array)
        return self.append(entry, parent, depth, role, hashing, handle, alike)

    def alike(
        self,
        kind: Kind,
        type_name: tuple[str, str],
        text: str | None,
        flags: int,
        array: "ArrayFacts | None",
    ) -> "Alike":
        """What many nodes have in common, as `append` takes it."""
        tree = self.tree
        dtype = shape = place = NOTHING
        nbytes = size = 0
        if array is not None:
            dtype = _index(self._dtypes, tree.dtypes, array.dtype)
            shape = _index(self._shapes, tree.shapes, array.shape)
            size = min(prod(array.shape), _INT64_MAX)
            nbytes = min(array.nbytes, _INT64_MAX)
            if array.placement is not None:
                place = _index(self._places, tree.places, array.placement)
        return (
            kind,
            flags,
            _index(self._types, tree.types, type_name),
            dtype,
            shape,
            NOTHING if text is None else _index(self._texts, tree.texts, text),
            place,
            nbytes,
            size,
        )

    def append(
        self,
        entry: "str | int",
        parent: int,
        depth: int,
        role: int,
        hashing: int,
        handle: int,
        alike: "Alike",
    ) -> int:
        """What `add` does, in a third of the time for nodes that are alike."""
        if type(entry) is int:
            name = -2 - entry
        else:
            name = self._names.get(entry)  # pyright: ignore[reportCallIssue, reportArgumentType]
            if name is None:
                name = _index(self._names, self.tree.names, entry)
        row = self._count
        self._count = row + 1
        waiting = self._waiting
        waiting += (parent, depth, role, hashing, name, handle)
        waiting += alike
        if len(waiting) >= _CHUNK:
            self._flush()
        return row

    def _flush(self) -> None:
        tree, waiting = self.tree, self._waiting
        columns = (
            tree.parent,
            tree.depth,
            tree.role,
            tree.hashing,
            tree.name,
            tree.handle,
            tree.kind,
            tree.flags,
            tree.type,
            tree.dtype,
            tree.shape,
            tree.text,
            tree.place,
            tree.nbytes,
            tree.size,
        )
        for place, column in enumerate(columns):
            column.fromlist(waiting[place :: len(columns)])
        waiting.clear()

    def note(self, row: int, text: str) -> None:
        """Attach a remark to `row`."""
        self.tree.notes.setdefault(row, []).append(_printable(text))

    def finish(self, values: ValueSource | None = None) -> Tree:
        """Compute where each subtree ends, and hand out the tree."""
        self._flush()
        tree = self.tree
        tree.end = _subtree_ends(tree.depth)
        if values is not None:
            tree.values = values
        return tree


def _printable(item: Any) -> Any:
    """A string of a table as it may go to a screen.

    Whoever makes a string from what a file says has sanitised it; this is the second lock on
    the same door, at the one place that all of them come through, and once for each string.
    """
    if type(item) is str:
        return item if item.isprintable() else sanitise(item, limit=len(item))
    if type(item) is tuple and item and type(item[0]) is str:
        return tuple(map(_printable, item))
    return item


Alike = tuple[int, int, int, int, int, int, int, int, int]
"""Kind, flags, type, dtype, shape, text, place, bytes and elements: of the columns that nodes
of a kind share, in the order in which `TreeBuilder` fills them."""

_CHUNK = 15 * 4096
_MANY_ROWS = 50_000
_INT64_MAX = 2**63 - 1


def _index(known: dict, table: list, item) -> int:
    index = known.get(item)
    if index is None:
        index = known[item] = len(table)
        table.append(_printable(item))
    return index


def _subtree_ends(depth: array) -> array:
    """One past the last row of each subtree, from the depths alone."""
    count = len(depth)
    end = array("i", range(1, count + 1))
    open_rows: list[int] = []
    # Between neighbours at the same depth, most of all rows, nothing begins and nothing ends.
    changes = map(ne, depth, islice(depth, 1, None))
    for row in compress(range(count), changes):
        deeper = depth[row + 1] - depth[row]
        if deeper > 0:
            open_rows.append(row)
            continue
        for _ in range(-deeper):
            end[open_rows.pop()] = row + 1
    while open_rows:
        end[open_rows.pop()] = count
    return end
