"""Paints: the theme's own colours under names of ours, so that light and dark both read well."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from eqxview.tui.lines import Piece

_RULES = {
    "label": "color: $foreground;",
    "container": "color: $text-primary;",
    "dynamic": "color: $text-success;",
    "static": "color: $text-accent;",
    "unknown": "color: $text-warning;",
    "wrong": "color: $text-error; text-style: bold;",
    "number": "color: $foreground;",
    "bar": "color: $text-primary;",
    "guide": "color: $text-muted;",
    "faint": "color: $text-muted;",
    "title": "color: $foreground; text-style: bold;",
    "key": "color: $text-accent; text-style: bold;",
    "mark": "color: $text-warning; text-style: bold;",
    "found": "color: $text-warning; text-style: bold underline;",
    "cursor": "background: $primary 40%; text-style: bold;",
    "cursor-blurred": "background: $primary 20%;",
}

PAINT_CSS = "\n".join(f".paint--{name} {{ {rule} }}" for name, rule in _RULES.items())
"""One rule for each paint, for the app's style sheet."""


PAINTS: set[str] = {f"paint--{name}" for name in _RULES}
"""The component classes of a widget that has a brush."""


class Brush:
    """Paints lines for one widget."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[tuple[str, str], Style] = {}

    def strip(self, line: Iterable[Piece], width: int, *, under: str = "") -> Strip:
        """`line` in exactly `width` cells; `under` names the paint of the background."""
        ground = self._style("", under)
        segments = [
            Segment(piece.text, self._style(piece.paint, under) if piece.paint else ground)
            for piece in line
        ]
        return Strip(segments).adjust_cell_length(width, ground)

    def forget(self) -> None:
        """Forget all styles: the theme has changed."""
        self._styles.clear()

    def _style(self, paint: str, under: str) -> Style:
        # Asking a widget for its colours takes as long as painting a line.
        style = self._styles.get((paint, under))
        if style is None:
            style = self._styles[paint, under] = self._mixed(paint, under)
        return style

    def _mixed(self, paint: str, under: str) -> Style:
        """The style of a paint on a background; both may let what is below shine through."""
        _, _, background, colour = self._widget.colors
        bold = underline = False
        for name in (under, paint):
            if not name:
                continue
            styles = self._widget.get_component_styles(f"paint--{name}")
            if styles.has_rule("background"):
                background = background + styles.background
            if styles.auto_color:
                colour = background.get_contrast_text(styles.color.a)
            elif styles.has_rule("color"):
                colour = styles.color
            bold = bold or bool(styles.text_style.bold)
            underline = underline or bool(styles.text_style.underline)
        return Style(
            color=(background + colour).rich_color,
            bgcolor=background.rich_color,
            bold=bold,
            underline=underline,
        )
