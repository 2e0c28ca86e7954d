"""The last line: what was just done, what is being typed, or else what can be done."""

from collections.abc import Sequence

from textual.widget import Widget

from eqxview.tui.keys import Hint, hints
from eqxview.tui.lines import Line, Piece, cut, line_width, text_width
from eqxview.tui.one_line import OneLine


class StatusLine(OneLine):
    """Key hints at the left, the position at the right; messages and the search in their place."""

    DEFAULT_CSS = """
    StatusLine { background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(id="status")
        self._notice: Piece | None = None
        self._prompt: str | None = None
        self._position: Sequence[str] = ()
        self._hints: Sequence[Hint] = hints()

    def say(self, text: str, *, is_problem: bool = False) -> None:
        """Say `text` in place of the hints, until the next key."""
        self._notice = Piece(text, "unknown" if is_problem else "title")
        self.refresh()

    def clear_notice(self) -> None:
        """Say nothing more."""
        if self._notice is not None:
            self._notice = None
            self.refresh()

    def prompt(self, query: str | None) -> None:
        """Show what is being searched for; `None`: no search is going on."""
        self._prompt = query
        self._notice = None
        self.refresh()

    def hint_at(self, hints: Sequence[Hint]) -> None:
        """Hint at these keys: they are what works now."""
        self._hints = hints
        self.refresh()

    def position(self, parts: Sequence[str]) -> None:
        """Where the cursor is, the most wanted part last."""
        self._position = parts
        self.refresh()

    def sides(self, width: int) -> tuple[Line, Line]:
        """Search, message or hints, as far as the position leaves room."""
        parts = list(self._position)
        while len(parts) > 1 and text_width("  ".join(parts)) > width // 2:
            parts.pop(0)
        right = [Piece("  ".join(parts) + " ")] if parts else []
        room = width - line_width(right) - 1
        if self._prompt is not None:
            # The end of what is typed is where the typing goes on.
            query = self._prompt
            while text_width(query) > max(room - 3, 1):
                query = query[1:]
            left: Line = (Piece(" /", "key"), Piece(query, "title"), Piece("▏", "key"))
        elif self._notice is not None:
            left = (Piece(" "), Piece(cut(self._notice.text, room), self._notice.paint))
        else:
            left = _hint_line(self._hints, room)
        return left, tuple(right)


def clear_notice(widget: Widget) -> None:
    """End what the last line says, on the screen of `widget`.

    At once, not by a message: what a key says comes after the move that it made.
    """
    for status in widget.screen.query(StatusLine):
        status.clear_notice()


def _hint_line(hints: Sequence[Hint], room: int) -> Line:
    """As many hints as fit, the first of them first."""
    pieces: list[Piece] = []
    for key, word in hints:
        hint = [Piece(f" {key}", "key"), Piece(f" {word} ", "faint")]
        if line_width(hint) > room:
            break
        room -= line_width(hint)
        pieces += hint
    return tuple(pieces)
