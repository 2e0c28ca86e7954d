"""What the app knows of one tree while it is looked at: order, folds, cursor, marks, search.

Rows are numbered in the order shown ("places"), which is the tree's own unless it is sorted or
shown in part; `row` and `place` turn one into the other.
"""

from collections.abc import Iterable, Sequence

from eqxview.document import Mark, MarkColumn
from eqxview.inspect.node_detail import Ties
from eqxview.tree.columns import Tree
from eqxview.tui.arrangement import Arrangement, by_size, only
from eqxview.tui.folding import Folding, Nesting
from eqxview.tui.search import Found, SearchIndex
from eqxview.tui.tree_line import label_width

FIRST_ROWS = 100
"""Rows that a tree starts with, if whole levels of it fit."""

FIRST_PICKED_ROWS = 1_000
"""Picked rows that are all shown from the start: they were picked to be seen."""


class TreeState:
    """One tree as it is looked at."""

    def __init__(
        self,
        tree: Tree,
        *,
        rows: Sequence[int] | None = None,
        columns: tuple[MarkColumn, ...] = (),
        like: "TreeState | None" = None,
    ) -> None:
        """Of `tree` show `rows` (all by default), marked by `columns`.

        `like` is an earlier state: if it is of the same tree, the cursor, the user's marks and
        what is costly to make are taken from it.
        """
        self.tree = tree
        self.columns = columns
        """What an analysis marks the rows with."""
        self._picked = None if rows is None else only(tree, rows)
        self._sorted: Arrangement | None = None
        self.folding = Folding(self.shape)
        if self._picked is not None and len(self._picked.rows) <= FIRST_PICKED_ROWS:
            self.folding.open_all()
        else:
            self.folding.open_to_fit(FIRST_ROWS)
        self.cursor = 0
        """The place of the current row."""
        self.marks: set[int] = set()
        """Rows of the tree that the user marked."""
        self.found: Found | None = None
        """Places that the search found."""
        self._ties: Ties | None = None
        if like is not None and like.tree is tree:
            self.index = like.index
            self._ties = like._ties
            self.label_width = like.label_width
            self.marks |= like.marks
            if self.folding.visible:
                self.cursor = self.place(like.current_row)
                self.folding.reveal(self.cursor)
        else:
            self.index = SearchIndex(tree)
            self.label_width = label_width(tree)
            """Cells that the labels of this tree would like."""

    @property
    def _order(self) -> Arrangement | None:
        return self._picked if self._sorted is None else self._sorted

    @property
    def shape(self) -> Nesting:
        """Parents, depths and subtree ends in the order shown."""
        return self.tree if self._order is None else self._order

    @property
    def is_sorted(self) -> bool:
        """Whether siblings are sorted by size."""
        return self._sorted is not None

    @property
    def is_whole(self) -> bool:
        """Whether every row can be reached; else some were picked."""
        return self._picked is None

    @property
    def ties(self) -> Ties:
        """Which rows hold the same array."""
        if self._ties is None:
            self._ties = Ties(self.tree)
        return self._ties

    @property
    def current_row(self) -> int:
        """The row of the tree under the cursor."""
        return self.row(self.cursor)

    def row(self, place: int) -> int:
        """The row of the tree that is shown at `place`."""
        return place if self._order is None else self._order.rows[place]

    def place(self, row: int) -> int:
        """Where a row of the tree is shown, or the nearest node above it that is."""
        if self._order is None:
            return row
        while (place := self._order.places[row]) < 0 <= self.tree.parent[row]:
            row = self.tree.parent[row]
        return max(place, 0)

    def mark_codes(self, row: int) -> tuple[int, ...]:
        """What the analysis marks `row` with, one number a column."""
        return tuple(column.codes[row] for column in self.columns)

    def marks_of(self, codes: tuple[int, ...]) -> tuple[Mark, ...]:
        """The marks with these numbers."""
        return tuple(column.marks[code] for column, code in zip(self.columns, codes, strict=True))

    def find(self, query: str) -> Found:
        """Search; the places found are remembered."""
        found = self.index.find(query)
        self.found = found if self._order is None else found.moved(self._order.places)
        return self.found

    def toggle_sorted(self) -> bool:
        """Sort by size, or go back to the file's order; whether the tree is sorted now.

        The cursor, folds, marks and what was found stay with their rows.
        """
        import numpy as np

        row, picked, ordered = self.current_row, self._picked, self._sorted
        if ordered is None:
            ordered = by_size(self.tree, picked)
            moved = ordered.rows
            if picked is not None:
                moved = np.asarray(picked.places)[np.asarray(moved)]
            self.folding = self.folding.rearranged(ordered, moved)
            self._sorted = ordered
        else:
            moved = ordered.places
            if picked is not None:
                moved = np.asarray(moved)[np.asarray(picked.rows)]
            self._sorted = None
            self.folding = self.folding.rearranged(self.shape, moved)
        self.cursor = self.place(row)
        if self.found is not None:
            self.find(self.found.query)
        return self._sorted is not None

    def chosen_rows(self) -> Iterable[int]:
        """The marked rows, in the tree's order; without marks, the current one."""
        return sorted(self.marks) if self.marks else (self.current_row,)
