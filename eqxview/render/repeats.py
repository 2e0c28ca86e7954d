"""Runs of siblings that are alike: a picture draws the first, and says how many there are.

Alike are nodes whose subtrees have the same classes, names, roles, shapes, dtypes, static
values, devices and marks; the numbers in their arrays may differ. What is tied or remarked
upon is never alike: a reader must find it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eqxview.document import MarkColumn
from eqxview.tree.columns import Tree

MIN_CONTAINERS = 3
"""Containers in a row that are drawn as one."""
MIN_LEAVES = 8
"""Leaves in a row that are drawn as one: a leaf takes one line anyway."""


class Run(NamedTuple):
    """One node, or several siblings in a row that are alike."""

    first: int
    """Row of the first."""
    last: int
    """Row of the last; the first for a single node."""
    length: int = 1


class Repeats:
    """Finds the runs among the children of a node."""

    def __init__(self, tree: Tree, columns: Sequence[MarkColumn] = ()) -> None:
        self._tree = tree
        self._columns = (
            # `[[a], b]` and `[[a, b]]` have the same rows, and differ in depth alone.
            tree.depth,
            tree.kind,
            tree.role,
            tree.flags,
            tree.hashing,
            tree.type,
            tree.dtype,
            tree.shape,
            tree.text,
            tree.place,
        )
        self._marks = [column.codes for column in columns]
        self._special = sorted({*tree.ties, *tree.notes})
        self._patterns: dict[int, str] = {}

    def runs(self, row: int) -> Iterator[Run]:
        """The children of `row`, those that are alike and adjacent taken together."""
        waiting: list[int] = []
        for child in self._tree.children(row):
            # Each is compared with the one before it: alike is transitive.
            if waiting and not self._is_alike(waiting[-1], child):
                yield from self._flushed(waiting)
                waiting = []
            waiting.append(child)
        yield from self._flushed(waiting)

    def _flushed(self, rows: list[int]) -> Iterator[Run]:
        if not rows:
            return
        is_leaf = self._tree.end[rows[0]] == rows[0] + 1
        if len(rows) >= (MIN_LEAVES if is_leaf else MIN_CONTAINERS):
            yield Run(rows[0], rows[-1], len(rows))
        else:
            yield from (Run(row, row) for row in rows)

    def _is_alike(self, one: int, other: int) -> bool:
        tree = self._tree
        one_end, other_end = tree.end[one], tree.end[other]
        if one_end - one != other_end - other or self._pattern(one) != self._pattern(other):
            return False
        # Children follow each other: one search covers both subtrees.
        if self._special and bisect_left(self._special, one) != bisect_left(
            self._special, other_end
        ):
            return False
        if one_end == one + 1:
            return all(column[one] == column[other] for column in self._columns) and all(
                codes[one] == codes[other] for codes in self._marks
            )
        return (
            all(column[one:one_end] == column[other:other_end] for column in self._columns)
            and tree.name[one + 1 : one_end] == tree.name[other + 1 : other_end]
            and all(
                list(codes[one:one_end]) == list(codes[other:other_end]) for codes in self._marks
            )
        )

    def _pattern(self, row: int) -> str:
        """The entry with its numbers left out: `['layers_3']` and `['layers_4']` are a series,
        `.query` and `.key` are not."""
        index = self._tree.name[row]
        if index < 0:
            return ""
        pattern = self._patterns.get(index)
        if pattern is None:
            pattern = self._patterns[index] = _NUMBER.sub("#", self._tree.names[index])
        return pattern


def run_label(tree: Tree, run: Run) -> str:
    """What a run is called: `[0..11]`; or, for keys, `['layers_0'] … ['layers_9']`."""
    first, last = tree.entry(run.first), tree.entry(run.last)
    if tree.name[run.first] <= -2:
        return f"{first[:-1]}..{last[1:]}"
    return f"{first} … {last}"


_NUMBER = re.compile(r"\d+")
