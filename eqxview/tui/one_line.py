"""A widget of one line: something at its left, something at its right."""

from collections.abc import Iterable

from textual.strip import Strip
from textual.widget import Widget

from eqxview.tui.lines import Line, Piece, cut, line_width, text_width
from eqxview.tui.paint import Brush


class OneLine(Widget):
    """One line; where both sides do not fit, the left one is cut.

    A subclass says in `sides` what to show in a given width, when it is drawn: so no frame
    ever shows a line that was made for another width.
    """

    DEFAULT_CSS = """
    OneLine { height: 1; width: 1fr; }
    """

    def __init__(
        self, left: Iterable[Piece] = (), right: Iterable[Piece] = (), *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._brush = Brush(self)
        self._sides: tuple[Line, Line] = (tuple(left), tuple(right))

    def sides(self, width: int) -> tuple[Line, Line]:
        """What stands at the left and at the right of a line of this width."""
        return self._sides

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        self._brush.forget()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        if y:
            return self._brush.strip((), width)
        left, right = self.sides(width)
        rest = width - line_width(right)
        if rest < 1:
            right, rest = (), width
        pieces: list[Piece] = []
        for piece in left:
            text = cut(piece.text, rest) if rest > 0 else ""
            pieces.append(Piece(text, piece.paint))
            rest -= text_width(text)
        pieces.append(Piece(" " * rest))
        return self._brush.strip((*pieces, *right), width)
