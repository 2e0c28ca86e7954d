"""Lines of pieces that scroll."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from eqxview.tui.lines import Line
from eqxview.tui.paint import Brush


class LinesView(ScrollView, can_focus=True):
    """Shows what `lines_for` makes for its width; scrolls by keys and wheel."""

    DEFAULT_CSS = """
    LinesView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar = [
        Binding("down,j", "scroll_down", show=False),
        Binding("up,k", "scroll_up", show=False),
        Binding("pagedown,space,ctrl+f,ctrl+d", "page_down", show=False),
        Binding("pageup,ctrl+b,ctrl+u", "page_up", show=False),
        Binding("g,home", "scroll_home", show=False),
        Binding("G,end", "scroll_end", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._brush = Brush(self)
        self._lines: Sequence[Line] = ()

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        self._brush.forget()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines to show in `width` cells."""
        raise NotImplementedError

    def lay_out(self, *, from_top: bool = False) -> None:
        """Make the lines anew."""
        width = self.scrollable_content_region.width
        if width < 1:
            return
        self._lines = self.lines_for(width)
        self.virtual_size = Size(width, len(self._lines))
        if from_top and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False, immediate=True)
        self.refresh()

    def on_resize(self) -> None:
        """Another width breaks lines elsewhere."""
        self.lay_out()

    def render_line(self, y: int) -> Strip:
        """One line."""
        width, at = self.scrollable_content_region.width, self.scroll_offset.y + y
        line = self._lines[at] if at < len(self._lines) else ()
        return self._brush.strip(line, width)
