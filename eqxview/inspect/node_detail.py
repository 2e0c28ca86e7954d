"""Everything there is to say about one node of a tree, its values apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from eqxview.document import Document, Fact, Facts, Note, Part, Table
from eqxview.inspect.elided_path import elided_path as elided_path
from eqxview.tree.columns import Placement, Totals, Tree
from eqxview.tree.kinds import ROLE_MARKS, Flag, Hashing, Kind, Role
from eqxview.tree.leaf_line import container_text
from eqxview.tree.wording import array_type, byte_size, counted, short_dtype

MAX_PATH = 2_000
"""Characters of a path that is shown; of a longer one, its ends."""

_MAX_TIES = 6
_COUNTED_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class NodeDetail:
    """One node's facts."""

    path: str
    """The key path, the middle left out if it is very long; empty for the root."""
    role: Role
    kind: Kind
    type_path: str
    """The class with its module."""
    what: str
    """The node in a word: `f32[5,3]`, `(2, 2)`, `list of 3`."""
    dtype: str | None
    weak: bool
    shape: tuple[int, ...] | None
    totals: Totals
    """Sums over the node and what is below it."""
    share: float | None
    """Bytes of these arrays, as a part of the whole tree's; `None` if that has none."""
    below: tuple[tuple[str, int], ...]
    """What there is below a container, by role: a noun and how many."""
    dtypes: tuple[tuple[str, int], ...]
    """How many arrays of each dtype there are below a container, the most frequent first."""
    device: str
    """The device, with its commitment; empty where not known."""
    sharding: str
    """The sharding as JAX prints it; empty where not known."""
    shards: str
    """How the array is cut: `4 shards of f32[2,8], 2 copies of each`; empty for one device."""
    drawing: Table | None
    """Which device holds which shard; `None` for one device."""
    hashing: Hashing
    flags: int
    tied_to: tuple[str, ...]
    """Paths of the first few other nodes that hold the same array."""
    ties: int
    """How many they are."""
    tie: int
    """The number of the tie, 0 for none."""
    notes: tuple[str, ...]

    def document(self) -> Document:
        """The facts, the most wanted first."""
        mark = ROLE_MARKS[self.role]
        rows: list[tuple[str, str]] = []
        if self.role != Role.NODE:
            rows.append(("role", f"{mark.glyph} {mark.word}: {mark.why}"))
        if self.kind == Kind.ARRAY and self.shape is not None:
            weak = ", weakly typed" if self.weak else ""
            rows += [
                ("array", self.what),
                ("dtype", f"{self.dtype}{weak}"),
                ("shape", _shape_text(self.shape)),
                ("elements", f"{self.totals.parameters:,}"),
                ("bytes", _bytes_text(self.totals.nbytes, self.share)),
            ]
        elif self.below:
            rows += [
                ("elements", f"{self.totals.parameters:,}"),
                ("bytes", _bytes_text(self.totals.nbytes, self.share)),
                ("leaves", _leaves_text(self.totals)),
                ("below", ", ".join(counted(count, noun) for noun, count in self.below)),
            ]
            if self.dtypes:
                rows.append(("dtypes", ", ".join(f"{n:,} {name}" for name, n in self.dtypes)))
        else:
            rows.append(("value", self.what))
        if self.tie:
            others = ", ".join(self.tied_to)
            more = f" and {self.ties - len(self.tied_to):,} more" * (self.ties > len(self.tied_to))
            rows.append(("tie", f"~{self.tie}: the same array as {others}{more}"))
        rows.append(("type", f"{self.type_path} ({self.kind.word})"))
        if self.hashing.word:
            rows.append(("hashing", f"{self.hashing.word}: {_HASHING_WHY[self.hashing]}"))
        if self.device:
            rows.append(("device", self.device))
        if self.sharding:
            rows.append(("sharding", self.sharding))
        if self.shards:
            rows.append(("shards", self.shards))
        storage = [word for flag, word in _STORAGE if self.flags & flag]
        if storage:
            rows.append(("storage", ", ".join(storage)))
        parts: list[Part] = [Facts(tuple(Fact(*row) for row in rows))]
        if self.drawing is not None:
            parts.append(self.drawing)
        level = "warning" if self.flags & Flag.PROBLEM else "info"
        parts += (Note(note, level=level) for note in self.notes)
        return Document(self.path or "the root", tuple(parts))


class Ties:
    """Which rows of a tree hold the same array."""

    def __init__(self, tree: Tree) -> None:
        self._number = tree.ties
        self._rows: dict[int, list[int]] = {}
        for row, number in tree.ties.items():
            self._rows.setdefault(number, []).append(row)

    def others(self, row: int) -> list[int]:
        """The other rows that hold the array of `row`, ascending."""
        number = self._number.get(row)
        return [] if number is None else [other for other in self._rows[number] if other != row]

    def next(self, row: int) -> int | None:
        """The next row that holds the array of `row`, round from the last; `None` if none does."""
        others = self.others(row)
        return next((other for other in others if other > row), others[0] if others else None)


def node_detail(tree: Tree, row: int, *, ties: Ties | None = None) -> NodeDetail:
    """The facts of the node at `row`. `ties` may be given to save finding them again."""
    ties = Ties(tree) if ties is None else ties
    others = ties.others(row)
    place = tree.placement(row)
    flags = tree.flags[row]
    kind, weak = Kind(tree.kind[row]), bool(flags & Flag.WEAK)
    shape, dtype = tree.array_shape(row), tree.dtype_name(row)
    whole = tree.totals().nbytes
    totals = tree.totals(row)
    if kind == Kind.ARRAY:
        # The sums count a shared array at its first place only; here it is meant itself.
        totals = totals._replace(parameters=tree.size[row], nbytes=tree.nbytes[row])
    if kind == Kind.ARRAY and shape is not None and dtype is not None:
        what = array_type(dtype, shape, weak=weak)
    else:
        what = tree.value_text(row) or container_text(tree, row)
    return NodeDetail(
        path=elided_path(tree, row, MAX_PATH),
        role=Role(tree.role[row]),
        kind=kind,
        type_path=tree.type_path(row),
        what=what,
        dtype=dtype,
        weak=weak,
        shape=shape,
        totals=totals,
        share=totals.nbytes / whole if whole else None,
        below=_below(tree, row),
        dtypes=_dtypes(tree, row),
        device="" if place is None else place.device + _commitment(flags),
        sharding="" if place is None else place.sharding,
        shards="" if place is None else _shards_text(place, dtype, shape),
        drawing=_drawing(tree, row, place),
        hashing=Hashing(tree.hashing[row]),
        flags=flags,
        tied_to=tuple(elided_path(tree, other, 200) for other in others[:_MAX_TIES]),
        ties=len(others),
        tie=tree.ties.get(row, 0),
        notes=tuple(tree.notes.get(row, ())),
    )


def _shards_text(place: Placement, dtype: str | None, shape: tuple[int, ...] | None) -> str:
    if len(place.devices) < 2 or dtype is None or shape is None:
        return ""
    shards = counted(place.block_count, "shard")
    text = f"{shards} of {array_type(dtype, place.shard_shape(shape))}"
    return f"{text}, {place.copies:,} copies of each" if place.copies > 1 else text


def _drawing(tree: Tree, row: int, place: Placement | None) -> Table | None:
    if place is None or len(place.devices) < 2:
        return None
    # Only where there is something to draw: most arrays are on one device, or in a file.
    from eqxview.inspect.placement.sharding_drawing import drawing_of

    return drawing_of(tree, row)


def _below(tree: Tree, row: int) -> tuple[tuple[str, int], ...]:
    # Counting bytes in a string of them is what C does fastest.
    roles = tree.role[row + 1 : tree.end[row]].tobytes()
    counts = ((role, roles.count(bytes((role,)))) for role in Role)
    return tuple((_NOUNS[role], count) for role, count in counts if count)


def _dtypes(tree: Tree, row: int) -> tuple[tuple[str, int], ...]:
    indices: Sequence[int] = tree.dtype[row + 1 : tree.end[row]]
    if len(indices) > _COUNTED_ROWS:
        import numpy as np

        numbers = np.bincount(np.frombuffer(tree.dtype, np.int32)[row + 1 : tree.end[row]] + 1)
        counts = Counter({index - 1: count for index, count in enumerate(numbers.tolist())})
    else:
        counts = Counter(indices)
    return tuple(
        (short_dtype(tree.dtypes[index]), count)
        for index, count in counts.most_common()
        if index >= 0 and count
    )


def _commitment(flags: int) -> str:
    return "* committed: JAX will not move it" if flags & Flag.COMMITTED else ", not committed"


def _shape_text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(f'{axis:,}' for axis in shape)}{',' * (len(shape) == 1)})"


def _bytes_text(nbytes: int, share: float | None) -> str:
    whole = "" if share is None else f", {share:.1%} of all"
    exact = f" ({nbytes:,} bytes)" if nbytes >= 1024 else ""
    return f"{byte_size(nbytes)}{exact}{whole}"


def _leaves_text(totals: Totals) -> str:
    return f"{totals.leaves:,}, {counted(totals.arrays, 'array')} among them"


_HASHING_WHY = {
    Hashing.BY_VALUE: "equal values share a compiled program",
    Hashing.BY_IDENTITY: "the same value made anew compiles again",
    Hashing.UNHASHABLE: "a filtered jit refuses it as a static value",
}
_NOUNS = {
    Role.NODE: "container",
    Role.DYNAMIC: "dynamic leaf",
    Role.STATIC_LEAF: "static leaf",
    Role.STATIC_FIELD: "static field",
    Role.NONE: "None",
    Role.INSIDE: "node inside of these",
    Role.UNKNOWN: "node of unknown role",
}
_STORAGE = (
    (int(Flag.NUMPY), "a NumPy array, on the host"),
    (int(Flag.FORTRAN), "column-major"),
    (int(Flag.DELETED), "deleted: its buffer is gone"),
    (int(Flag.TRACER), "a tracer: it has no value"),
    (int(Flag.UNREGISTERED), "its class is no registered pytree: one leaf for JAX"),
)
