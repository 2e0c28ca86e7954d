"""Paints: the theme's own colours under names of ours, so that light and dark both read well.

Not as component classes in a style sheet: Textual would match every rule against every paint of
every widget, which costs more than all else that the first screen takes.
"""

from collections.abc import Iterable
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from eqxview.tui.lines import Piece


class _Paint(NamedTuple):
    """Theme variables, empty for what shines through; and the weight of the letters."""

    colour: str = ""
    background: str = ""
    opacity: float = 1.0
    """Of the background."""
    bold: bool = False
    underline: bool = False


PAINTS = {
    "": _Paint(),
    "label": _Paint("foreground"),
    "container": _Paint("text-primary"),
    "dynamic": _Paint("text-success"),
    "static": _Paint("text-accent"),
    "unknown": _Paint("text-warning"),
    "wrong": _Paint("text-error", bold=True),
    "number": _Paint("foreground"),
    "bar": _Paint("text-primary"),
    "guide": _Paint("text-muted"),
    "faint": _Paint("text-muted"),
    "title": _Paint("foreground", bold=True),
    "key": _Paint("text-accent", bold=True),
    "mark": _Paint("text-warning", bold=True),
    "found": _Paint("text-warning", bold=True, underline=True),
    "cursor": _Paint(background="primary", opacity=0.3, bold=True),
    "cursor-blurred": _Paint(background="primary", opacity=0.15),
}


class Brush:
    """Paints lines for one widget."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[tuple[str, str], Style] = {}

    def strip(self, line: Iterable[Piece], width: int, *, under: str = "") -> Strip:
        """`line` in exactly `width` cells; `under` names the paint of the background."""
        segments = [Segment(piece.text, self._style(piece.paint, under)) for piece in line]
        return Strip(segments).adjust_cell_length(width, self._style("", under))

    def forget(self) -> None:
        """Forget all styles: the theme has changed."""
        self._styles.clear()

    def _style(self, paint: str, under: str) -> Style:
        style = self._styles.get((paint, under))
        if style is None:
            style = self._styles[paint, under] = self._mixed(PAINTS[paint], PAINTS[under])
        return style

    def _mixed(self, paint: _Paint, under: _Paint) -> Style:
        """The style of a paint on a background; both may let what is below shine through."""
        _, _, background, colour = self._widget.colors
        variables = self._widget.app.theme_variables
        if under.background:
            over = Color.parse(variables[under.background])
            background = background + over.with_alpha(over.a * under.opacity)
        if paint.colour:
            wanted = variables[paint.colour]
            if wanted.startswith("auto"):
                # `auto 60%`: black or white, whichever can be read, so opaque.
                share = wanted.removeprefix("auto").strip().removesuffix("%")
                colour = background.get_contrast_text(float(share or 100) / 100)
            else:
                colour = Color.parse(wanted)
        return Style(
            color=_readable(background + colour, background).rich_color,
            bgcolor=background.rich_color,
            bold=paint.bold or under.bold,
            underline=paint.underline,
        )


LEAST_CONTRAST = 3.0
"""Contrast, by the formula of WCAG 2, that every text has on every background."""


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable(colour: Color, background: Color) -> Color:
    """`colour`, or where that is too near to the background, one between it and black or white.

    A theme's colours are made for its plain background, not for the line under the cursor.
    """
    if colour.ansi is not None or background.ansi is not None:
        # The terminal's own colours, whatever they are.
        return colour
    extreme = background.get_contrast_text(1.0)
    for step in range(5):
        mixed = colour.blend(extreme, step / 4)
        if contrast(mixed, background) >= LEAST_CONTRAST:
            return mixed
    return extreme
