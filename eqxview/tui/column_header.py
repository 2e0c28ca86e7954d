"""The names of the tree's columns."""

from eqxview.tui.lines import Piece, fitted
from eqxview.tui.one_line import OneLine
from eqxview.tui.tree_line import columns


class ColumnHeader(OneLine):
    """Column names over a tree; its width must be the tree's."""

    def on_resize(self) -> None:
        """Another width has other columns."""
        # The tree keeps one cell for its scroll bar.
        widths = columns(self.size.width - 1)
        titles = [
            fitted(" node", widths.label),
            fitted("   type or value" if widths.elements else " type or value", widths.what),
            f"{'elements':>{widths.elements}}" if widths.elements else "",
            f"{'size':>{widths.size}}" if widths.size else "",
            fitted(" share", widths.bar),
            fitted(" remarks", widths.remarks),
        ]
        self.draw([Piece("".join(titles), "faint")])
