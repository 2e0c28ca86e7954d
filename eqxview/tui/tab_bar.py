"""The second line: the screens that there are, and which object of the file is shown."""

from collections.abc import Sequence

from textual import events

from eqxview.tui.lines import Line, Piece, line_width, text_width
from eqxview.tui.one_line import OneLine
from eqxview.tui.tabs import Tab


class TabBar(OneLine):
    """The names of the screens between rules, as far as the line goes.

    Where it does not go far enough, it begins further right: the current name is always seen.
    """

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._tabs: Sequence[Tab] = ()
        self._current = 0
        self._objects = ""

    def show(self, tabs: Sequence[Tab], current: int, *, objects: str = "") -> None:
        """Mark the current screen; `objects` says which object of several is shown."""
        self._tabs, self._current, self._objects = tabs, current, objects
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click on a name goes to that screen."""
        first, at = self._first(self.size.width), 2
        for number, tab in enumerate(self._tabs[first:], start=first):
            if at <= event.x < at + text_width(tab.title) + 2:
                self.screen.call_later(self.screen.run_action, f"go_to_screen({number})")
                return
            at += text_width(tab.title) + 4

    def sides(self, width: int) -> tuple[Line, Line]:
        """The names, and a rule as long as the line."""
        first = self._first(width)
        pieces: list[Piece] = []
        for number, tab in enumerate(self._tabs[first:], start=first):
            rule = "‹─" if first and number == first else "──"
            pieces += [
                Piece(rule, "faint"),
                Piece(f" {tab.title} ", "title" if number == self._current else "faint"),
            ]
        right = self._right
        rule = max(width - line_width(pieces) - len(right), 0)
        return (*pieces, Piece("─" * rule, "faint")), (Piece(right, "faint"),)

    @property
    def _right(self) -> str:
        return f" {self._objects} ──" if self._objects else ""

    def _first(self, width: int) -> int:
        """The first name that is shown."""
        room = width - len(self._right)
        widths = [text_width(tab.title) + 4 for tab in self._tabs]
        for first in range(self._current):
            if sum(widths[first : self._current + 1]) <= room:
                return first
        return self._current
