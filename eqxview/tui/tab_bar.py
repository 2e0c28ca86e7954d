"""The second line: the screens that there are, and which object of the file is shown."""

from textual import events

from eqxview.tui.lines import Line, Piece, line_width
from eqxview.tui.one_line import OneLine
from eqxview.tui.screens import SCREENS


class TabBar(OneLine):
    """The names of the screens between rules, as far as the line goes."""

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._current = 0
        self._objects = ""

    def show(self, current: int, *, objects: str = "") -> None:
        """Mark the current screen; `objects` says which object of several is shown."""
        self._current, self._objects = current, objects
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click on a name goes to that screen."""
        at = 2
        for number, entry in enumerate(SCREENS):
            if at <= event.x < at + len(entry.name) + 2:
                self.screen.call_later(self.screen.run_action, f"go_to_screen({number})")
                return
            at += len(entry.name) + 4

    def sides(self, width: int) -> tuple[Line, Line]:
        """The names, and a rule as long as the line."""
        pieces: list[Piece] = []
        for number, entry in enumerate(SCREENS):
            is_current = number == self._current
            pieces += [
                Piece("──", "faint"),
                Piece(f" {entry.name} ", "title" if is_current else "faint"),
            ]
        right = f" {self._objects} ──" if self._objects else ""
        rule = max(width - line_width(pieces) - len(right), 0)
        return (*pieces, Piece("─" * rule, "faint")), (Piece(right, "faint"),)
