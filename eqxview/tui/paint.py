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
"""The component classes of a widget that draws lines of pieces."""


def strip(widget: Widget, line: Iterable[Piece], width: int, *, under: str = "") -> Strip:
    """`line` in exactly `width` cells, as `widget` paints it; `under` names a background."""
    base = widget.rich_style
    if under:
        base = base + _style(widget, under)
    segments = [
        Segment(piece.text, base + _style(widget, piece.paint) if piece.paint else base)
        for piece in line
    ]
    return Strip(segments).adjust_cell_length(width, base)


def _style(widget: Widget, paint: str) -> Style:
    return widget.get_component_rich_style(f"paint--{paint}", partial=True)
