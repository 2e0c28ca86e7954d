"""The names of the tree's columns."""

from eqxview.tui.lines import Line, Piece, fitted
from eqxview.tui.one_line import OneLine
from eqxview.tui.tree_line import columns


class ColumnHeader(OneLine):
    """Column names over a tree; its width must be the tree's."""

    def __init__(self, label_width: int) -> None:
        super().__init__(id="columns")
        self._label_width = label_width
        self._marks = ""

    def show(self, label_width: int, *, marks: str = "") -> None:
        """Name the columns of another tree; `marks` is what its rows are marked with."""
        self._label_width = label_width
        self._marks = marks
        self.refresh()

    def sides(self, width: int) -> tuple[Line, Line]:
        """The names over their columns."""
        # The tree keeps one cell for its scroll bar.
        widths = columns(width - 1, label=self._label_width, is_marked=bool(self._marks))
        what = "   type or value" if widths.elements else " type or value"
        titles = [
            fitted(" node", widths.label),
            fitted(what, widths.what),
            "elements".rjust(widths.elements)[: widths.elements],
            "size".rjust(widths.size)[: widths.size],
            fitted(" share", widths.bar),
            fitted(f" {self._marks or 'remarks'}", widths.remarks),
        ]
        return (Piece("".join(titles), "faint"),), ()
