"""A text over the screen, left by esc, q, or the key that brought it."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from eqxview.tui.lines import Line, Piece, wrapped
from eqxview.tui.lines_view import LinesView
from eqxview.tui.one_line import OneLine


class _Text(LinesView):
    """The text."""

    DEFAULT_CSS = """
    _Text { height: auto; max-height: 100%; width: 1fr; background: $surface; }
    """

    def __init__(self, text: Sequence[tuple[Line, int]]) -> None:
        super().__init__(id="text")
        self._text = text

    def lines_for(self, width: int) -> Sequence[Line]:
        """Each line broken at the width, with its own indentation."""
        lines: list[Line] = []
        for line, indent in self._text:
            lines += wrapped(line, width, indent=indent) if line else [()]
        return lines

    def get_content_height(self, container, viewport, width: int) -> int:
        """As high as the text."""
        return len(self.lines_for(max(width - 1, 1)))


class Overlay(ModalScreen[None]):
    """Shows a title and lines, each with the indentation that its continuation gets."""

    DEFAULT_CSS = """
    Overlay { align: center middle; }
    Overlay > Vertical {
        width: 78; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    Overlay OneLine { background: $surface; }
    """
    BINDINGS: ClassVar = [
        Binding("escape,q,enter", "dismiss", "back", show=False),
        Binding("ctrl+c", "app.interrupt", show=False),
    ]

    def __init__(self, title: str, text: Sequence[tuple[Line, int]], *, key: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._key = key

    def compose(self) -> ComposeResult:
        """A title line and the text."""
        with Vertical():
            yield OneLine(
                [Piece(self._title, "title")], [Piece("Esc", "key"), Piece(" closes", "faint")]
            )
            yield _Text(self._text)

    def on_mount(self) -> None:
        """Take the keys."""
        self.query_one(_Text).focus()

    def on_key(self, event) -> None:
        """The key that opened it closes it."""
        if event.key == self._key:
            event.stop()
            self.dismiss()
