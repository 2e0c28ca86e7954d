"""From any root to a `Tree`: one walk, for live objects and for descriptions in a file.

The walk knows nothing of either. It is given a `look` function that says what *one* object
is (a `Sight`), and turns that into rows: pre-order, without recursion, cycles cut, shared
arrays tied, and the role of each node settled by where it stands.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import repeat
from typing import NamedTuple, Protocol

from eqxview.tree.columns import NOTHING, Alike, ArrayFacts, Tree, TreeBuilder, ValueSource
from eqxview.tree.kinds import Cut, Flag, Hashing, Kind, Role


class Standing(IntEnum):
    """How a child hangs on its parent."""

    CHILD = 0
    """A child that JAX flattens."""
    STATIC = 1
    """A static field: part of the treedef."""
    INSIDE = 2
    """Content of what JAX takes for a leaf."""
    UNKNOWN = 3
    """The file does not tell whether JAX flattens it."""
    UNKNOWN_FIELD = 4
    """A field of a known Module whose declaration, static or not, is not known."""


class Child(NamedTuple):
    """One step down."""

    entry: str | int
    """The entry of the key path, sanitised, or the index in a sequence."""
    value: object
    standing: Standing = Standing.CHILD


Step = tuple[str | int, object, Standing]
"""What a `Child` is, by its place: cheaper where there are a million of them."""


class Children(Protocol):
    """The children of a node, e.g. a list of `Child`."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Step]: ...


class Items:
    """The children of a list or tuple, each made when it is asked for."""

    __slots__ = ("_items",)

    def __init__(self, items: Sequence[object]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Step]:
        return zip(range(len(self._items)), self._items, repeat(Standing.CHILD), strict=False)


class NamedItems:
    """Children by their entries, each made when it is asked for."""

    __slots__ = ("_entries", "_values")

    def __init__(self, entries: Sequence[str], values: Sequence[object]) -> None:
        self._entries = entries
        self._values = values

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Step]:
        return zip(self._entries, self._values, repeat(Standing.CHILD), strict=False)


class Sight:
    """What one object is: one level, nothing below it.

    A `look` may answer with the same sight for many objects that are alike but for `handle` and
    `tie_key`: the walk is done with it before it looks again, and sooner with one it knows.
    """

    __slots__ = (
        "array",
        "as_child",
        "children",
        "flags",
        "handle",
        "hashing",
        "is_leaf",
        "kind",
        "notes",
        "preview",
        "text",
        "tie_key",
        "type_name",
    )

    def __init__(
        self,
        kind: Kind,
        type_name: tuple[str, str],
        *,
        is_leaf: bool | None,
        children: Children = (),
        text: str | None = None,
        preview: str | None = None,
        hashing: Hashing = Hashing.NOT_STATIC,
        array: ArrayFacts | None = None,
        handle: int = NOTHING,
        flags: int = 0,
        tie_key: int | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.kind = kind
        self.type_name = type_name
        """Short class name and class name with module, sanitised."""
        self.is_leaf = is_leaf
        """Whether JAX takes it for a leaf; `None` where the file does not tell."""
        self.children = children
        self.text = text
        """The value in one line, sanitised; `None` for containers."""
        self.preview = preview
        """A small container in one line: shown instead of its children where JAX sees none."""
        self.hashing = hashing
        self.array = array
        self.handle = handle
        """What the value source finds an array by."""
        self.flags = flags
        self.tie_key = tie_key
        """Equal for the same array met twice; `None` for what cannot be shared."""
        self.notes = notes
        self.as_child: tuple[int, int, Alike] | None = None
        """What the walk has made of it: role and hashing of a child that JAX flattens, and the
        columns that do not depend on where it stands."""


DEFAULT_MAX_NODES = 20_000_000
"""Rows after which a walk stops."""

DEFAULT_MAX_DEPTH = 100_000
"""Levels below which a walk does not go."""


def walk(
    root: object,
    look: Callable[[object], Sight],
    *,
    values: ValueSource | None = None,
    max_nodes: int = DEFAULT_MAX_NODES,
    max_depth: int = DEFAULT_MAX_DEPTH,
    is_time_up: Callable[[], bool] | None = None,
) -> Tree:
    """The tree of `root`, seen through `look`.

    A container that is its own ancestor is shown once more, not followed. After `max_nodes`
    rows, or once `is_time_up` says so (it is asked now and then), nothing more is followed; what
    lies deeper than `max_depth` levels is not followed either. The root's notes say so, and the
    tree's `cuts`.
    """
    builder = TreeBuilder()
    append = builder.append
    ties = _Ties()
    # One iterator for each container that we are in, the innermost last: what waits to be
    # shown takes no memory, however wide the containers are. With it the container itself: a
    # child that its parent made on the fly must not be freed, and its id be taken by another,
    # while we are below it.
    levels: list[tuple[Iterator[Step], int, Standing, object]] = [
        (iter((("", root, Standing.CHILD),)), NOTHING, Standing.CHILD, None)
    ]
    depth_of: dict[int, int] = {}
    """The containers that we are in, by identity."""
    cut: Cut | None = None
    held: set[tuple[int, Hashing]] = set()
    """What inside of a static value does not go by value, by the row that holds it."""
    too_deep = 0
    looked = widest = 0
    look_up = min(_TIME_EVERY, 4 * max_nodes + 1)
    # Plain integers: this is run for each of a million rows.
    inside = int(Standing.INSIDE)
    while levels:
        steps, parent, below, container = levels[-1]
        depth = len(levels) - 1
        for entry, value, standing in steps:
            if below and (below == inside or not standing):
                standing = below
            looked += 1
            if looked >= look_up or len(builder) >= max_nodes:
                # Counted are children seen, too: a container of a million, met a million times
                # in few rows, takes its time at each meeting.
                if len(builder) >= max_nodes or looked > 4 * max_nodes + widest:
                    cut = Cut.NODES
                    break
                if is_time_up is not None and is_time_up():
                    cut = Cut.TIME
                    break
                look_up = min(looked + _TIME_EVERY, 4 * max_nodes + widest + 1)
            above = depth_of.get(id(value))
            if above is not None:
                _add_cycle(builder, entry, parent, depth, standing, above)
                continue
            sight = look(value)
            children = sight.children
            known = sight.as_child
            if known is None:
                known = sight.as_child = _as_child(builder, sight)
            role, hashing, alike = known
            if children:
                looked += len(children)
                widest = max(widest, len(children))
                if depth >= max_depth:
                    text = f"<nested deeper than {max_depth:,} levels: not followed>"
                    alike, children = _alike(builder, sight, text), ()
                    too_deep += 1
            if standing:
                if sight.preview is not None and standing in _SHOWN_IN_A_LINE:
                    alike, children = _alike(builder, sight, sight.preview), ()
                role = _role(sight, standing)
                hashing = sight.hashing if role in _HASHED_ROLES else Hashing.NOT_STATIC
                if standing == inside and sight.hashing > Hashing.BY_VALUE:
                    held.add((parent, sight.hashing))
            row = append(entry, parent, depth, role, hashing, sight.handle, alike)
            if sight.notes:
                for note in sight.notes:
                    builder.note(row, note)
            if sight.tie_key is not None:
                ties.meet(sight.tie_key, row, value)
            if children:
                depth_of[id(value)] = depth
                levels.append((iter(children), row, _standing_below(sight, standing), value))
                break
        else:
            levels.pop()
            depth_of.pop(id(container), None)
        if cut is not None:
            break
    tree = builder.finish(values)
    tree.ties = ties.numbered()
    _hash_tuples_by_items(tree, held)
    if cut is not None:
        why = "more were not followed" if cut == Cut.NODES else "the time for reading was up"
        builder.note(0, f"shown are the first {len(builder):,} nodes: {why}")
        tree.cuts = (cut,)
    if too_deep:
        tree.cuts += (Cut.DEPTH,)
        builder.note(0, f"what is nested deeper than {max_depth:,} levels was not followed")
    return tree


_TIME_EVERY = 1024

_HASHED_ROLES = frozenset({Role.STATIC_FIELD, Role.STATIC_LEAF, Role.UNKNOWN})
_SHOWN_IN_A_LINE = (Standing.STATIC, Standing.INSIDE)


def _as_child(builder: TreeBuilder, sight: Sight) -> tuple[int, int, Alike]:
    role = _role(sight, Standing.CHILD)
    hashing = sight.hashing if role in _HASHED_ROLES else Hashing.NOT_STATIC
    return role, hashing, _alike(builder, sight, sight.text)


def _alike(builder: TreeBuilder, sight: Sight, text: str | None) -> Alike:
    return builder.alike(sight.kind, sight.type_name, text, sight.flags, sight.array)


def _role(sight: Sight, standing: Standing) -> Role:
    if standing == Standing.INSIDE:
        return Role.INSIDE
    if standing == Standing.STATIC:
        return Role.STATIC_FIELD
    if sight.kind == Kind.NONE:
        return Role.NONE
    if sight.array is not None and sight.kind == Kind.ARRAY:
        # Below an unknown class an array is shown as what it is; the class carries the `?`.
        return Role.UNKNOWN if standing == Standing.UNKNOWN else Role.DYNAMIC
    if sight.is_leaf is None or (sight.is_leaf and standing >= Standing.UNKNOWN):
        return Role.UNKNOWN
    return Role.STATIC_LEAF if sight.is_leaf else Role.NODE


def _standing_below(sight: Sight, standing: Standing) -> Standing:
    """How the children stand because of their parent; `CHILD`: each as it says itself."""
    if standing in (Standing.STATIC, Standing.INSIDE) or sight.is_leaf:
        return Standing.INSIDE
    if sight.is_leaf is None or standing == Standing.UNKNOWN:
        return Standing.UNKNOWN
    return standing


def _add_cycle(
    builder: TreeBuilder,
    entry: str | int,
    parent: int,
    depth: int,
    standing: Standing,
    above: int,
) -> None:
    steps = depth - above
    row = builder.add(
        entry,
        parent,
        depth,
        kind=Kind.CUT,
        role=Role.STATIC_FIELD if standing == Standing.STATIC else Role.INSIDE,
        type_name=("cycle", "cycle"),
        text=f"<cycle: this is its own ancestor, {steps} level{'s' * (steps != 1)} up>",
        flags=Flag.PROBLEM,
    )
    builder.note(row, "JAX cannot flatten a pytree that contains itself")


_TUPLES = frozenset({Kind.TUPLE, Kind.NAMEDTUPLE})
# By what a tuple's items do: where one is unhashable, so is the tuple, whatever the others.
_WORST_LAST = (Hashing.BY_VALUE, Hashing.UNKNOWN, Hashing.BY_IDENTITY, Hashing.UNHASHABLE)


def _hash_tuples_by_items(tree: Tree, held: set[tuple[int, Hashing]]) -> None:
    """Give static tuples the hashing of the worst item: a tuple is compared by its items.

    An optax optimiser is a tuple of functions: made anew, it is another one.
    """
    for row, hashing in held:
        while row >= 0 and tree.kind[row] in _TUPLES:
            known = Hashing(tree.hashing[row])
            if known != Hashing.NOT_STATIC:
                tree.hashing[row] = max(known, hashing, key=_WORST_LAST.index)
                break
            if tree.role[row] != Role.INSIDE:
                break
            row = tree.parent[row]


class _Ties:
    """Arrays met more than once."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        # The arrays are kept for as long as the walk lasts, so that no other takes their ids.
        self._kept: list[object] = []
        self._rows: dict[int, list[int]] = {}

    def meet(self, key: int, row: int, value: object) -> None:
        first = self._first.get(key)
        if first is None:
            self._first[key] = row
            self._kept.append(value)
        else:
            self._rows.setdefault(first, [first]).append(row)

    def numbered(self) -> dict[int, int]:
        """Each shared row with the number of its tie, in the order of first appearance."""
        numbers: dict[int, int] = {}
        for number, first in enumerate(sorted(self._rows), start=1):
            for row in self._rows[first]:
                numbers[row] = number
        return dict(sorted(numbers.items()))
