"""Which nodes of a tree are drawn: level by level from the root, until the picture is full.

A box (a container) is opened if all that is directly in it still has room; otherwise it is
folded into one node. So the top of a large tree is seen whole, and nothing is left out
without a word: what is folded is counted. Siblings that are alike are drawn once.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from eqxview.document import NO_MARK, Mark, MarkColumn, Outline
from eqxview.render.repeats import Repeats, Run
from eqxview.tree.kinds import Role


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf, a hole, or a container with nothing to draw in it; or several that are alike."""

    run: Run


@dataclass(frozen=True, slots=True)
class Statics:
    """The static fields of one container that are marked alike: one node."""

    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rest:
    """What did not fit of the root's own children."""

    first: int
    count: int


@dataclass(slots=True, eq=False)
class Box:
    """A container, or several that are alike: their first is drawn."""

    run: Run
    items: "list[Item] | None" = None
    """What is drawn in it; `None` where it is folded into one node."""
    starts: list[int] = field(default_factory=list)
    """Rows at which the items begin, ascending; a static field at its own."""
    owners: "list[Item]" = field(default_factory=list)
    """The item that each of `starts` belongs to."""


Item = Leaf | Statics | Rest | Box


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn of one outline."""

    outline: Outline
    root: Box | Leaf
    folded: tuple[Box, ...]

    def mark(self, row: int) -> Mark:
        """The first mark of a row: the one that colours."""
        columns = self.outline.columns
        return columns[0].of(row) if columns else NO_MARK

    def item_at(self, row: int) -> Item | None:
        """What is drawn for the node at `row`; `None` for what is not to be shown."""
        end = self.outline.tree.end
        item: Item = self.root
        while isinstance(item, Box) and item.items is not None:
            at = bisect_right(item.starts, row) - 1
            if at < 0:
                return None
            start, item = item.starts[at], item.owners[at]
            if not isinstance(item, Rest):
                last = item.run.last if isinstance(item, Leaf | Box) else start
                if row >= end[last]:
                    return None
        return item


def plan_of(outline: Outline, *, max_nodes: int) -> Plan:
    """What is drawn of `outline`: at most `max_nodes` nodes and boxes, and one more that counts
    what did not fit of the root."""
    return _Planner(outline).plan(max_nodes)


class _Planner:
    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._shown: bytearray | None = None
        columns = outline.columns
        if outline.rows is not None:
            self._shown = bytearray(len(outline.tree))
            for row in outline.rows:
                self._shown[row] = 1
            # Nodes are alike only where the same is shown of them.
            columns = (*columns, MarkColumn("shown", (), self._shown))
        self._repeats = Repeats(outline.tree, columns)

    def plan(self, max_nodes: int) -> Plan:
        root = self._item(Run(0, 0))
        if isinstance(root, Leaf):
            return Plan(self._outline, root, ())
        folded: list[Box] = []
        waiting = deque([root])
        room = max_nodes - 1
        while waiting:
            box = waiting.popleft()
            if not self._open(box, room, is_root=box is root):
                folded.append(box)
                continue
            assert box.items is not None
            room -= len(box.items)
            waiting += (item for item in box.items if isinstance(item, Box))
        return Plan(self._outline, root, tuple(folded))

    def _open(self, box: Box, room: int, *, is_root: bool) -> bool:
        """Find what is in `box`; `False` where that is more than there is room for."""
        tree, columns = self._outline.tree, self._outline.columns
        parent = box.run.first
        fields: dict[tuple[int, ...], list[int]] = {}
        owned: list[tuple[int, Item]] = []
        rest: Rest | None = None
        for run in self._shown_runs(parent):
            is_field = tree.role[run.first] == Role.STATIC_FIELD
            key = tuple(column.codes[run.first] for column in columns)
            if not (is_field and key in fields) and len(owned) + len(fields) >= room:
                if not is_root:
                    return False
                rest = Rest(run.first, self._count_from(parent, run.first))
                break
            if is_field:
                fields.setdefault(key, []).extend(self._rows_of(run))
            else:
                owned.append((run.first, self._item(run)))
        box.items = [item for _, item in owned]
        for rows in fields.values():
            statics = Statics(tuple(rows))
            box.items.append(statics)
            owned += ((row, statics) for row in rows)
        if rest is not None:
            box.items.append(rest)
            owned.append((rest.first, rest))
        owned.sort(key=lambda pair: pair[0])
        box.starts = [row for row, _ in owned]
        box.owners = [item for _, item in owned]
        return True

    def _item(self, run: Run) -> Box | Leaf:
        tree, row = self._outline.tree, run.first
        # What is inside of a leaf or of a static field is a value for JAX, and drawn as one.
        is_container = tree.role[row] in (Role.NODE, Role.UNKNOWN)
        if is_container and next(self._shown_children(row), None) is not None:
            return Box(run)
        return Leaf(run)

    def _shown_runs(self, row: int) -> Iterator[Run]:
        shown = self._shown
        return (run for run in self._repeats.runs(row) if shown is None or shown[run.first])

    def _shown_children(self, row: int) -> Iterator[int]:
        shown = self._shown
        return (
            child for child in self._outline.tree.children(row) if shown is None or shown[child]
        )

    def _rows_of(self, run: Run) -> Iterator[int]:
        row, end = run.first, self._outline.tree.end
        while row <= run.last:
            yield row
            row = end[row]

    def _count_from(self, parent: int, first: int) -> int:
        return sum(1 for child in self._shown_children(parent) if child >= first)
