"""A tree in another order, or some rows of it: siblings by size, or only what was picked.

An arrangement is a list of rows with the columns that folding needs, so everything that works
on a tree's rows works on the places of an arrangement.
"""

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eqxview.tree.columns import Tree

if TYPE_CHECKING:
    import numpy as np


class Arrangement:
    """Rows of a tree in the order shown; implements `folding.Nesting`."""

    def __init__(self, parent: array, depth: array, end: array, rows: array, places: array) -> None:
        self.parent = parent
        self.depth = depth
        self.end = end
        self.rows = rows
        """For each place the row of the tree that is shown there."""
        self.places = places
        """For each row of the tree its place; -1 for a row that is not shown."""


def only(tree: Tree, rows: Sequence[int]) -> Arrangement:
    """Only these rows: ascending, each with its ancestors, the root first."""
    import numpy as np

    shown = np.asarray(rows, np.int32)
    places = np.full(len(tree), -1, np.int32)
    places[shown] = np.arange(len(shown))
    above = np.frombuffer(tree.parent, np.int32)[shown]
    return Arrangement(
        parent=_array(np.where(above >= 0, places[above], -1)),
        depth=_array(np.frombuffer(tree.depth, np.int32)[shown]),
        # What is below a row and shown: all places up to the first row past its subtree.
        end=_array(np.searchsorted(shown, np.frombuffer(tree.end, np.int32)[shown])),
        rows=_array(shown),
        places=_array(places),
    )


def by_size(tree: Tree, shown: Arrangement | None = None) -> Arrangement:
    """Siblings by the bytes of their subtrees, the largest first; else as in the file.

    `shown` are the rows to order, all of the tree's by default.
    """
    import numpy as np

    shape = tree if shown is None else shown
    count = len(shape.parent)
    parent = np.frombuffer(shape.parent, np.int32)
    end = np.frombuffer(shape.end, np.int32)
    depth = np.frombuffer(shape.depth, np.int32)
    row = np.arange(count)
    of_tree = row if shown is None else np.frombuffer(shown.rows, np.int32)
    running = np.frombuffer(tree.running_bytes(), np.int64)
    below = np.frombuffer(tree.end, np.int32)[of_tree]
    # A shared array counts at its first place; where it is shown again it has its size still.
    own = np.frombuffer(tree.nbytes, np.int64)[of_tree]
    nbytes = np.maximum(running[below] - running[of_tree], own)
    # Siblings side by side, in the order wanted; then how many rows stand between a node and
    # its parent: the subtrees of the siblings before it.
    siblings = np.lexsort((-nbytes, parent))
    sizes = (end - row)[siblings]
    before = np.cumsum(sizes) - sizes
    family = parent[siblings]
    first = np.flatnonzero(np.concatenate(([True], family[1:] != family[:-1])))
    before -= np.repeat(before[first], np.diff(np.append(first, count)))
    step = np.empty(count, np.int64)
    step[siblings] = before + 1
    # A node's place is the sum of these steps over itself and all that is above it: a running
    # sum that takes a step in where its subtree begins, and out where it ends.
    step[0] = 0
    sums = np.zeros(count + 1, np.int64)
    sums[:-1] += step
    np.subtract.at(sums, end, step)
    place = np.cumsum(sums[:-1])
    order = np.empty(count, np.int32)
    order[place] = row
    above = parent[order]
    rows = of_tree[order]
    places = np.full(len(tree), -1, np.int32)
    places[rows] = row
    return Arrangement(
        parent=_array(np.where(above >= 0, place[above], -1)),
        depth=_array(depth[order]),
        end=_array(row + (end - row)[order]),
        rows=_array(rows),
        places=_array(places),
    )


def _array(numbers: "np.ndarray") -> array:
    import numpy as np

    column = array("i")
    column.frombytes(np.ascontiguousarray(numbers, np.int32).tobytes())
    return column
