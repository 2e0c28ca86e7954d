"""Which nodes of a tree are drawn, and which of them start open.

A page without a script holds every node that it can ever show. So a tree of a million leaves
is drawn from the root down, level by level, until the page is full; each node says how much
below it was left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from eqxview.document import Outline
from eqxview.render.repeats import Repeats, Run
from eqxview.tree.columns import Tree

MAX_DEPTH = 150
"""Levels that are drawn. A browser builds no more than 512 elements inside each other, and a
level is three of them."""


class Room(NamedTuple):
    """How much of a tree a page has room for."""

    nodes: int
    """Nodes that are drawn at most."""
    open_rows: int
    """Nodes that are seen before anything is unfolded; the root is open in any case."""


@dataclass(slots=True)
class Extent:
    """What is drawn of an outline."""

    runs: dict[int, list[Run]] = field(default_factory=dict)
    """For each row that is drawn and has children: those of them that are drawn."""
    left_out: dict[int, int] = field(default_factory=dict)
    """For each row that is drawn: how many nodes below it are not, its drawn children's aside."""
    is_open: set[int] = field(default_factory=set)


def extent_of(outline: Outline, room: Room) -> Extent:
    """What is drawn of `outline` in so much `room`."""
    tree = outline.tree
    children = _children_of(outline)
    extent = Extent()
    level, drawn, visible = [0], 1, 1
    is_opening = True
    while level:
        below: list[int] = []
        shown = 0
        for row in level:
            if tree.end[row] == row + 1:
                continue
            space = room.nodes - drawn if tree.depth[row] < MAX_DEPTH else 0
            runs = list(islice(children(row), max(space, 0)))
            rest = children.left_out(row, runs)
            if rest:
                extent.left_out[row] = rest
            if not runs:
                continue
            extent.runs[row] = runs
            drawn += len(runs)
            shown += len(runs)
            below.extend(run.first for run in runs)
        is_opening = is_opening and (visible + shown <= room.open_rows or level == [0])
        if is_opening:
            extent.is_open.update(row for row in level if row in extent.runs)
            visible += shown
        level = below
    return extent


class _All:
    """The children of a node in a tree that is drawn whole: those alike taken together."""

    def __init__(self, outline: Outline) -> None:
        self._tree = outline.tree
        self._repeats = Repeats(outline.tree, outline.columns)

    def __call__(self, row: int) -> Iterator[Run]:
        return self._repeats.runs(row)

    def left_out(self, row: int, runs: Sequence[Run]) -> int:
        drawn_to = self._tree.end[runs[-1].last] if runs else row + 1
        return self._tree.end[row] - drawn_to


class _Chosen:
    """The children of a node among the rows that an outline chose."""

    def __init__(self, tree: Tree, rows: Sequence[int]) -> None:
        self._below: dict[int, list[int]] = {}
        parent = tree.parent
        for row in rows:
            self._below.setdefault(parent[row], []).append(row)

    def __call__(self, row: int) -> Iterator[Run]:
        return (Run(child, child) for child in self._below.get(row, ()))

    def left_out(self, row: int, runs: Sequence[Run]) -> int:
        # Only what was chosen counts as left out, with all that was chosen below it.
        waiting = self._below.get(row, [])[len(runs) :]
        count = 0
        while waiting:
            child = waiting.pop()
            count += 1
            waiting.extend(self._below.get(child, ()))
        return count


def _children_of(outline: Outline) -> _All | _Chosen:
    return _All(outline) if outline.rows is None else _Chosen(outline.tree, outline.rows)
