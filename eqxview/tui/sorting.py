"""A tree in another order: siblings by size, each with its subtree.

The order is a permutation of the rows, and the sorted tree has the same columns that folding
needs, so everything that works on rows works on it.
"""

from array import array

from eqxview.tree.columns import Tree


class SortedTree:
    """The shape of a tree whose siblings are sorted; implements `folding.Nesting`."""

    def __init__(self, parent: array, depth: array, end: array, rows: array, places: array) -> None:
        self.parent = parent
        self.depth = depth
        self.end = end
        self.rows = rows
        """For each place in the new order, the row of the tree."""
        self.places = places
        """For each row of the tree, its place in the new order."""


def by_size(tree: Tree) -> SortedTree:
    """Siblings by the bytes of their subtrees, the largest first; else as in the file."""
    import numpy as np

    count = len(tree)
    parent = np.frombuffer(tree.parent, np.int32)
    end = np.frombuffer(tree.end, np.int32)
    depth = np.frombuffer(tree.depth, np.int32)
    running = np.frombuffer(tree.running_bytes(), np.int64)
    row = np.arange(count)
    # A shared array counts at its first place; where it is shown again it has its size still.
    nbytes = np.maximum(running[end] - running[:-1], np.frombuffer(tree.nbytes, np.int64))
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
    rows = np.empty(count, np.int32)
    rows[place] = row
    above = parent[rows]
    return SortedTree(
        parent=_array(np.where(above >= 0, place[above], -1)),
        depth=_array(depth[rows]),
        end=_array(np.arange(count) + (end - row)[rows]),
        rows=_array(rows),
        places=_array(place),
    )


def _array(numbers) -> array:
    import numpy as np

    column = array("i")
    column.frombytes(np.ascontiguousarray(numbers, np.int32).tobytes())
    return column
