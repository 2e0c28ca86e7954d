"""What is on screen while a file is read."""

from textual.strip import Strip
from textual.widget import Widget

from eqxview.tree.sanitise import sanitise
from eqxview.tui.lines import Piece, cut, text_width
from eqxview.tui.opening import Opening
from eqxview.tui.paint import Brush


class Loading(Widget):
    """Says that the file is on its way, for how long, and that keys are kept."""

    DEFAULT_CSS = """
    Loading { height: 1fr; width: 1fr; }
    """

    def __init__(self, title: str, opening: Opening) -> None:
        super().__init__(id="loading")
        self._title = sanitise(title)
        self._opening = opening
        self._brush = Brush(self)

    def on_mount(self) -> None:
        """Count the seconds."""
        self.set_interval(0.1, self.refresh)

    def render_line(self, y: int) -> Strip:
        """Two lines in the middle."""
        width, middle = self.size.width, self.size.height // 2
        text = paint = ""
        if y == middle - 1:
            spinner = _SPINNER[int(self._opening.seconds * 10) % len(_SPINNER)]
            text, paint = f"{spinner} reading {cut(self._title, max(width - 12, 8))}", "title"
        elif y == middle:
            text, paint = "keys pressed now are kept; q quits", "faint"
        before = " " * max((width - text_width(text)) // 2, 0)
        return self._brush.strip((Piece(before), Piece(text, paint)), width)


_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
