"""Rows in groups, and what each group adds up to."""

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from eqxview.inspect.masks import MANY_ROWS, as_numpy, leaf_rows
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Kind

if TYPE_CHECKING:
    import numpy as np


class Tally(NamedTuple):
    """Sums over a group of rows. A shared array counts once in a group."""

    nodes: int = 0
    """All rows of the group."""
    leaves: int = 0
    """The leaves that JAX sees among them, shared ones at every place."""
    arrays: int = 0
    """The arrays among the leaves, shared ones at every place."""
    parameters: int = 0
    """Elements of these arrays."""
    nbytes: int = 0
    """Bytes of these arrays."""


def tally(tree: Tree, codes: "array | bytes", count: int) -> list[Tally]:
    """For each of `count` groups its sums; `codes` has each row's group, `-1` for none."""
    leaf = leaf_rows(tree)
    small = len(tree) <= MANY_ROWS
    sums = (_summed if small else _summed_by_numpy)(tree, codes, leaf, count)
    for row, group in _counted_before(tree, codes, leaf):
        sums[3][group] -= tree.size[row]
        sums[4][group] -= tree.nbytes[row]
    return [Tally(*of_group) for of_group in zip(*sums, strict=True)]


def _counted_before(tree: Tree, codes: "array | bytes", leaf: bytes) -> Iterator[tuple[int, int]]:
    """Rows of shared arrays, with their group, that this group has held before."""
    seen: set[tuple[int, int]] = set()
    for row, tie in tree.ties.items():
        group = codes[row]
        if group < 0 or not leaf[row] or tree.kind[row] != Kind.ARRAY:
            continue
        if (tie, group) in seen:
            yield row, group
        seen.add((tie, group))


def _summed(tree: Tree, codes: "array | bytes", leaf: bytes, count: int) -> list[list[int]]:
    nodes, leaves, arrays, parameters, nbytes = sums = [[0] * count for _ in range(5)]
    for row, group in enumerate(codes):
        if group < 0:
            continue
        nodes[group] += 1
        if leaf[row]:
            leaves[group] += 1
            if tree.kind[row] == Kind.ARRAY:
                arrays[group] += 1
                parameters[group] += tree.size[row]
                nbytes[group] += tree.nbytes[row]
    return sums


def _summed_by_numpy(
    tree: Tree, codes: "array | bytes", leaf: bytes, count: int
) -> list[list[int]]:
    import numpy as np

    group = as_numpy(codes)
    is_leaf = np.frombuffer(leaf, np.bool_)
    is_array = is_leaf & (as_numpy(tree.kind) == int(Kind.ARRAY))
    # One pass for three counts: of each group, what is no leaf, other leaves, arrays.
    sort = is_leaf.view(np.uint8) + is_array.view(np.uint8)
    counts = np.bincount((group.astype(np.int32) + 1) * 3 + sort, minlength=3 * count + 3)
    others, leaves, arrays = counts.reshape(-1, 3)[1 : count + 1].T
    sums = [(others + leaves + arrays).tolist(), (leaves + arrays).tolist(), arrays.tolist()]
    rows = np.flatnonzero(is_array if type(codes) is bytes else is_array & (group >= 0))
    chosen = group[rows]
    for column in (tree.size, tree.nbytes):
        sums.append(_exact_sums(chosen, as_numpy(column)[rows], count))
    return sums


def _exact_sums(group: "np.ndarray", values: "np.ndarray", count: int) -> list[int]:
    import numpy as np

    if int(values.max(initial=0)) * len(values) < 1 << 53:
        return [int(total) for total in np.bincount(group, values, minlength=count)]
    # `bincount` adds floats, which hold the halves of such integers exactly, not the whole.
    low = np.bincount(group, values & 0xFFFF_FFFF, minlength=count)
    high = np.bincount(group, values >> 32, minlength=count)
    return [(int(h) << 32) + int(lo) for h, lo in zip(high, low, strict=True)]


def crossed(first: array, second: array, width: int) -> array:
    """Groups of groups: `first * width + second`, and `-1` where either is `-1`."""
    if len(first) <= MANY_ROWS:
        return array(
            "i",
            (
                -1 if one < 0 or other < 0 else one * width + other
                for one, other in zip(first, second, strict=True)
            ),
        )
    import numpy as np

    one, other = as_numpy(first), as_numpy(second)
    joined = np.where((one < 0) | (other < 0), -1, one * width + other)
    return array("i", joined.astype(np.int32).tobytes())


def grouped(columns: "Sequence[array | bytes]") -> tuple[array, list[int]]:
    """Rows that are equal in all `columns` as one group: each row's group, each one's first row.

    Groups are numbered in the order of their first rows.
    """
    if len(columns[0]) <= MANY_ROWS:
        numbers: dict[tuple[int, ...], int] = {}
        firsts: list[int] = []
        codes = array("i")
        for row, key in enumerate(zip(*columns, strict=True)):
            number = numbers.get(key)
            if number is None:
                number = numbers[key] = len(firsts)
                firsts.append(row)
            codes.append(number)
        return codes, firsts
    return _grouped_by_numpy(columns)


def _grouped_by_numpy(columns: "Sequence[array | bytes]") -> tuple[array, list[int]]:
    import numpy as np

    keys = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        values = as_numpy(column).astype(np.int64)
        low = int(values.min())
        width = int(values.max()) - low + 1
        if int(keys.max()) >= (1 << 62) // width:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
        keys = keys * width + (values - low)
    _, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return array("i", rank[numbers].astype(np.int32).tobytes()), firsts[order].tolist()
