"""What the app knows of one tree while it is looked at: order, folds, cursor, marks, search.

Rows are numbered in the order shown ("places"), which is the tree's own until it is sorted;
`row` and `place` turn one into the other.
"""

from collections.abc import Iterable

from eqxview.inspect.node_detail import Ties
from eqxview.tree.columns import Tree
from eqxview.tui.folding import Folding, Nesting
from eqxview.tui.search import Found, SearchIndex
from eqxview.tui.sorting import SortedTree, by_size
from eqxview.tui.tree_line import label_width

FIRST_ROWS = 100
"""Rows that a tree starts with, if whole levels of it fit."""


class TreeState:
    """One tree as it is looked at."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.sorted: SortedTree | None = None
        self.folding = Folding(tree)
        self.folding.open_to_fit(FIRST_ROWS)
        self.cursor = 0
        """The place of the current row."""
        self.marks: set[int] = set()
        """Rows of the tree that the user marked."""
        self.found: Found | None = None
        """Places that the search found."""
        self.index = SearchIndex(tree)
        self._ties: Ties | None = None
        self.label_width = label_width(tree)
        """Cells that the labels of this tree would like."""

    @property
    def shape(self) -> Nesting:
        """Parents, depths and subtree ends in the order shown."""
        return self.tree if self.sorted is None else self.sorted

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
        return place if self.sorted is None else self.sorted.rows[place]

    def place(self, row: int) -> int:
        """Where a row of the tree is shown."""
        return row if self.sorted is None else self.sorted.places[row]

    def find(self, query: str) -> Found:
        """Search; the places found are remembered."""
        found = self.index.find(query)
        self.found = found if self.sorted is None else found.moved(self.sorted.places)
        return self.found

    def toggle_sorted(self) -> bool:
        """Sort by size, or go back to the file's order; whether the tree is sorted now.

        The cursor, folds, marks and what was found stay with their rows.
        """
        row = self.current_row
        if self.sorted is None:
            order = by_size(self.tree)
            self.folding = self.folding.rearranged(order, order.rows)
            self.sorted = order
        else:
            self.folding = self.folding.rearranged(self.tree, self.sorted.places)
            self.sorted = None
        self.cursor = self.place(row)
        if self.found is not None:
            self.find(self.found.query)
        return self.sorted is not None

    def chosen_rows(self) -> Iterable[int]:
        """The marked rows, in the tree's order; without marks, the current one."""
        return sorted(self.marks) if self.marks else (self.current_row,)
