"""Sets of rows of a tree: one byte a row, 1 for a member.

`bytes` combine in C without NumPy, by way of one large integer, so that a small file is
filtered without the 0.1 s of importing it. Where rows are looked at one by one, a large tree
goes through NumPy (a million rows: a few milliseconds for a few hundred).
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Role

if TYPE_CHECKING:
    import numpy as np

Mask = bytes
"""One byte a row, 0 or 1."""

MANY_ROWS = 50_000
"""Rows from which NumPy is worth its import."""

_FLIP = bytes((1, *bytes(255)))


def no_rows(tree: Tree) -> Mask:
    """The empty set."""
    return bytes(len(tree))


def all_rows(tree: Tree) -> Mask:
    """Every row."""
    return b"\1" * len(tree)


def both(first: Mask, second: Mask) -> Mask:
    """The rows in both sets."""
    if len(first) > MANY_ROWS:
        return (as_numpy(first) & as_numpy(second)).tobytes()
    joined = int.from_bytes(first, "little") & int.from_bytes(second, "little")
    return joined.to_bytes(len(first), "little")


def either(first: Mask, second: Mask) -> Mask:
    """The rows in one of the sets, or in both."""
    if len(first) > MANY_ROWS:
        return (as_numpy(first) | as_numpy(second)).tobytes()
    joined = int.from_bytes(first, "little") | int.from_bytes(second, "little")
    return joined.to_bytes(len(first), "little")


def inverse(mask: Mask) -> Mask:
    """The rows that are not in the set."""
    return mask.translate(_FLIP)


def without(mask: Mask, other: Mask) -> Mask:
    """The rows of the first set that are not in the second."""
    return both(mask, inverse(other))


def size(mask: Mask) -> int:
    """How many rows are in the set."""
    return mask.count(1)


def members(mask: Mask) -> Iterator[int]:
    """The rows of the set, ascending."""
    return compress(range(len(mask)), mask)


def looked_up(column: array, table: Sequence[int]) -> Mask:
    """The rows whose value in `column`, as an index into `table`, finds a true one.

    Negative values count from the end of the table, as always: a table of indices with `-1`
    for "none" takes one more place at its end.
    """
    if not any(table):
        return bytes(len(column))
    found = bytes(table)
    if column.typecode == "B":
        return column.tobytes().translate(found.ljust(256, b"\0"))
    if len(column) <= MANY_ROWS:
        return bytes(map(found.__getitem__, column))
    return as_numpy(found)[as_numpy(column)].tobytes()


def compared(
    column: array, compare: Callable[[Any, Any], Any], amount: "int | float", among: Mask
) -> Mask:
    """The rows of `among` whose value in `column` compares so with `amount`.

    `compare` is of the module `operator`: it takes numbers and NumPy arrays alike.
    """
    if len(column) <= MANY_ROWS:
        return both(bytes(compare(value, amount) for value in column), among)
    return both(compare(as_numpy(column), amount).tobytes(), among)


def at_or_below(tree: Tree, mask: Mask) -> Mask:
    """The rows of the set, with everything below them."""
    if not size(mask):
        return mask
    if len(mask) <= MANY_ROWS:
        covered = bytearray(len(mask))
        row = mask.find(1)
        while row >= 0:
            end = tree.end[row]
            covered[row:end] = b"\1" * (end - row)
            row = mask.find(1, end)
        return bytes(covered)
    import numpy as np

    rows = np.flatnonzero(np.frombuffer(mask, np.uint8))
    change = np.bincount(rows, minlength=len(mask) + 1)
    change -= np.bincount(as_numpy(tree.end)[rows], minlength=len(mask) + 1)
    return (change.cumsum()[:-1] > 0).tobytes()


def at_or_above(tree: Tree, mask: Mask) -> Mask:
    """The rows of the set, with all that they stand below."""
    if not size(mask):
        return mask
    if len(mask) <= MANY_ROWS:
        reached = bytearray(len(mask))
        parent = tree.parent
        for row in members(mask):
            while row >= 0 and not reached[row]:
                reached[row] = 1
                row = parent[row]
        return bytes(reached)
    import numpy as np

    before = np.zeros(len(mask) + 1, np.int32)
    np.cumsum(np.frombuffer(mask, np.uint8), dtype=np.int32, out=before[1:])
    return (before[as_numpy(tree.end)] > before[:-1]).tobytes()


def directly_below(tree: Tree, mask: Mask) -> Mask:
    """The rows whose parent is in the set."""
    if not size(mask):
        return mask
    if len(mask) <= MANY_ROWS:
        return b"\0" + bytes(map(mask.__getitem__, tree.parent[1:]))
    import numpy as np

    found = np.frombuffer(mask, np.uint8)[as_numpy(tree.parent)]
    found[0] = 0
    return found.tobytes()


def directly_above(tree: Tree, mask: Mask) -> Mask:
    """The rows that have a child in the set."""
    above = bytearray(len(mask))
    if len(mask) <= MANY_ROWS:
        for row in members(mask):
            if row:
                above[tree.parent[row]] = 1
        return bytes(above)
    import numpy as np

    parents = as_numpy(tree.parent)[np.frombuffer(mask, np.bool_)]
    np.frombuffer(above, np.uint8)[parents[parents >= 0]] = 1
    return bytes(above)


def taken(column: array, rows: array, *, missing: int) -> array:
    """The value in `column` of each of `rows`; `missing` for a row of `-1`."""
    if len(rows) <= MANY_ROWS:
        return array("i", [missing if row < 0 else column[row] for row in rows])
    import numpy as np

    at = as_numpy(rows)
    return array("i", np.where(at < 0, missing, as_numpy(column)[at]).astype(np.int32).tobytes())


def with_role(tree: Tree, *roles: Role) -> Mask:
    """The rows that play one of these parts."""
    return looked_up(tree.role, [role in roles for role in Role])


def childless(tree: Tree) -> Mask:
    """The rows that have nothing below them."""
    if len(tree) <= MANY_ROWS:
        return bytes(end == row + 1 for row, end in enumerate(tree.end))
    import numpy as np

    return (as_numpy(tree.end) == np.arange(1, len(tree) + 1)).tobytes()


def leaf_rows(tree: Tree) -> Mask:
    """The rows where JAX sees a leaf."""
    leaves = with_role(tree, Role.DYNAMIC, Role.STATIC_LEAF)
    unknown = with_role(tree, Role.UNKNOWN)
    if size(unknown):
        leaves = either(leaves, both(unknown, childless(tree)))
    return leaves


def labelled(rows: int, masks: Sequence[Mask]) -> array:
    """For each of so many rows the number of the set that holds it, `-1` for none.

    The sets must not overlap.
    """
    labels = array("i", b"\xff" * (4 * rows))
    if rows <= MANY_ROWS:
        for number, mask in enumerate(masks):
            for row in members(mask):
                labels[row] = number
    else:
        import numpy as np

        for number, mask in enumerate(masks):
            as_numpy(labels)[np.frombuffer(mask, np.bool_)] = number
    return labels


def smallest(column: array) -> int:
    """The smallest value of a column."""
    return min(column) if len(column) <= MANY_ROWS else int(as_numpy(column).min())


def as_numpy(column: "array | bytes | bytearray") -> "np.ndarray":
    """The column as NumPy sees it; nothing is copied."""
    import numpy as np

    return np.frombuffer(column, column.typecode if isinstance(column, array) else np.uint8)
