"""Which rows of a tree are on screen: folding and unfolding as intervals of its columns.

A tree is in pre-order, so what hangs below a node is a run of rows, and what a fold hides is
a run of the list of visible rows: it is cut out, or put back in, in one piece. A million
rows unfold in the time that it takes to copy them.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

WALKED_ROWS = 20_000
"""Visible rows found one by one before NumPy is asked for the rest: importing NumPy costs as
much as walking 500,000 rows, and most trees never need it."""


class Nesting(Protocol):
    """What folding needs to know of a tree: for each row its parent, depth and subtree end."""

    parent: array
    depth: array
    end: array


class Folding:
    """The visible rows of a tree, and which of its nodes are open."""

    def __init__(self, tree: Nesting) -> None:
        self._tree = tree
        self._open = bytearray(len(tree.parent))
        """1 for an open node. Means nothing for a node without children."""
        self.visible = array("i", [0] if len(tree.parent) else [])
        """The rows on screen, ascending; a closed node hides what is below it."""

    def has_children(self, row: int) -> bool:
        """Whether there is anything to fold at `row`."""
        return self._tree.end[row] > row + 1

    def is_open(self, row: int) -> bool:
        """Whether `row` has children, and shows them."""
        return self._open[row] != 0 and self.has_children(row)

    def position(self, row: int) -> int:
        """Where in `visible` the row is, or the nearest of its ancestors that can be seen.

        The last visible row up to a hidden one is the closed node that hides it.
        """
        return bisect_right(self.visible, row) - 1

    def is_visible(self, row: int) -> bool:
        """Whether every node above `row` is open."""
        at = bisect_left(self.visible, row)
        return at < len(self.visible) and self.visible[at] == row

    def open(self, row: int) -> None:
        """Show what is below `row`; what was open below it is open again."""
        if self.is_open(row) or not self.has_children(row):
            return
        self._open[row] = 1
        self._redraw_below(row)

    def close(self, row: int) -> None:
        """Hide what is below `row`; it remembers what was open there."""
        if not self.is_open(row):
            return
        self._open[row] = 0
        self._redraw_below(row)

    def toggle(self, row: int) -> None:
        """Open a closed node, close an open one."""
        if self.is_open(row):
            self.close(row)
        else:
            self.open(row)

    def open_all(self, row: int = 0) -> None:
        """Open `row` and everything below it."""
        stop = self._tree.end[row]
        self._open[row:stop] = b"\x01" * (stop - row)
        self._redraw_below(row)

    def close_all(self, row: int = 0) -> None:
        """Close `row` and everything below it."""
        stop = self._tree.end[row]
        self._open[row:stop] = bytes(stop - row)
        self._redraw_below(row)

    def open_level(self, row: int) -> bool:
        """Open the outermost closed nodes in the subtree of `row`; whether there were any."""
        return self._set_level(row, is_open=True)

    def close_level(self, row: int) -> bool:
        """Close the innermost open nodes in the subtree of `row`; whether there were any."""
        return self._set_level(row, is_open=False)

    def reveal(self, row: int) -> None:
        """Open every node above `row`."""
        closed = []
        above = self._tree.parent[row]
        while above >= 0:
            if not self._open[above]:
                closed.append(above)
            above = self._tree.parent[above]
        if not closed:
            return
        # One splice, at the outermost closed node: below it nothing was visible. Node by node
        # would copy the list of visible rows once for each level.
        for above in closed:
            self._open[above] = 1
        self._redraw_below(closed[-1])

    def open_to_fit(self, rows: int) -> None:
        """Open level after level from the root, as long as no more than `rows` are visible.

        The root is opened in any case: a tree that starts as one line shows nothing.
        """
        if not self.visible:
            return
        self._open[0] = 1
        level, count = list(self._children(0, rows + 1)), 1
        count += len(level)
        while level and count <= rows:
            below: list[int] = []
            parents = [row for row in level if self.has_children(row)]
            for row in parents:
                below.extend(self._children(row, rows + 1 - count - len(below)))
                if count + len(below) > rows:
                    break
            else:
                for row in parents:
                    self._open[row] = 1
            count += len(below)
            level = below
        self._redraw_below(0)

    def snapshot(self) -> tuple[bytes, array]:
        """What is open and visible now, for `restore`."""
        return bytes(self._open), self.visible[:]

    def restore(self, snapshot: tuple[bytes, array]) -> None:
        """Go back to what a snapshot of this folding holds."""
        self._open[:], self.visible = snapshot[0], snapshot[1][:]

    def rearranged(self, tree: Nesting, moved: "Sequence[int] | np.ndarray") -> "Folding":
        """The same nodes open in the same tree in another order.

        `moved` has, for each row of the new order, the row that it is in this one.
        """
        import numpy as np

        other = Folding(tree)
        if self.visible:
            is_open = np.frombuffer(bytes(self._open), np.uint8)
            other._open[:] = is_open[np.asarray(moved)].tobytes()
            other._redraw_below(0)
        return other

    def _children(self, row: int, at_most: int) -> list[int]:
        end, stop = self._tree.end, self._tree.end[row]

        def rows():
            child = row + 1
            while child < stop:
                yield child
                child = end[child]

        return list(islice(rows(), max(at_most, 0)))

    def _set_level(self, row: int, *, is_open: bool) -> bool:
        """Open (or close) the visible nodes below `row` of the least (or greatest) depth."""
        start, stop = self._span(row)
        seen = self.visible[start - 1 : stop]
        if len(seen) > WALKED_ROWS:
            nodes = self._level_vectorised(seen, is_open=is_open)
        else:
            end, depth = self._tree.end, self._tree.depth
            nodes = [node for node in seen if end[node] > node + 1 and self._open[node] != is_open]
            if nodes:
                level = (min if is_open else max)(depth[node] for node in nodes)
                nodes = [node for node in nodes if depth[node] == level]
        for node in nodes:
            self._open[node] = is_open
        if nodes:
            self._redraw_below(row)
        return bool(nodes)

    def _level_vectorised(self, seen: array, *, is_open: bool) -> list[int]:
        import numpy as np

        rows = np.frombuffer(seen, np.int32)
        end = np.frombuffer(self._tree.end, np.int32)[rows]
        opened = np.frombuffer(self._open, np.uint8)[rows]
        nodes = rows[(end > rows + 1) & (opened != is_open)]
        if not len(nodes):
            return []
        depth = np.frombuffer(self._tree.depth, np.int32)[nodes]
        return nodes[depth == (depth.min() if is_open else depth.max())].tolist()

    def _span(self, row: int) -> tuple[int, int]:
        """The run of `visible` that is below the visible `row`."""
        start = bisect_left(self.visible, row) + 1
        return start, bisect_left(self.visible, self._tree.end[row], start)

    def _redraw_below(self, row: int) -> None:
        """Bring the run of `visible` below `row` in line with what is open."""
        if not self.is_visible(row):
            return
        start, stop = self._span(row)
        self.visible[start:stop] = self._rows_below(row) if self._open[row] else array("i")

    def _rows_below(self, row: int) -> array:
        """The rows below the open `row` that its closed descendants do not hide."""
        end, is_open, stop = self._tree.end, self._open, self._tree.end[row]
        rows = array("i")
        below = row + 1
        while below < stop:
            if len(rows) == WALKED_ROWS:
                return self._rows_below_vectorised(row)
            rows.append(below)
            below = below + 1 if is_open[below] else end[below]
        return rows

    def _rows_below_vectorised(self, row: int) -> array:
        import numpy as np

        first, stop = row + 1, self._tree.end[row]
        count = stop - first
        end = np.frombuffer(self._tree.end, np.int32)[first:stop] - first
        closed = np.flatnonzero(np.frombuffer(self._open, np.uint8)[first:stop] == 0)
        # A closed node hides the rows from the next one up to its end. Each row counts the
        # closed nodes above it: +1 where one begins to hide, -1 where it ends.
        closed = closed[end[closed] > closed + 1]
        if len(closed):
            hidden = np.zeros(count + 1, np.int32)
            hidden[closed + 1] += 1
            ends, times = np.unique(end[closed], return_counts=True)
            hidden[ends] -= times.astype(np.int32)
            rows = np.flatnonzero(np.cumsum(hidden[:-1], dtype=np.int32) == 0)
        else:
            rows = np.arange(count)
        found = array("i")
        found.frombytes((rows + first).astype(np.int32).tobytes())
        return found
