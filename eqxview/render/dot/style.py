"""Shapes and colours: a role by its shape, its colour and its word, a mark by colour and word.

Light fills under dark text, and a white ground: a picture looks the same on a dark page.
"""

from typing import NamedTuple

from eqxview.document import Tone
from eqxview.tree.kinds import Role

FONT = "Courier"
"""The one font whose widths every build of Graphviz knows, with or without fonts installed;
what an SVG is shown in stands in `page_svg`, and is as wide."""
FONT_SIZE = 10
CHARACTER_WIDTH = 0.6 * FONT_SIZE
"""Points that a character takes: the fonts for code are all of this width."""
LINE_HEIGHT = 1.2 * FONT_SIZE

INK = "#1f2328"
TIE = "#9a1f6a"


class Paint(NamedTuple):
    """Fill and line."""

    fill: str
    line: str


_PAINTS: dict[Tone, Paint] = {
    "plain": Paint("#ffffff", "#8c959f"),
    "dynamic": Paint("#ddf0e3", "#1a7f37"),
    "static": Paint("#efe6fa", "#7a3fb5"),
    "faint": Paint("#f6f8fa", "#9aa4ae"),
    "good": Paint("#d3ecfb", "#0969a8"),
    "warning": Paint("#fff1c2", "#9a6700"),
    "error": Paint("#ffdfdb", "#c0291f"),
}


class RoleStyle(NamedTuple):
    """How the nodes of a role are drawn."""

    shape: str
    tone: Tone
    style: str = "filled"


ROLE_STYLES: dict[Role, RoleStyle] = {
    Role.NODE: RoleStyle("box", "plain"),
    Role.DYNAMIC: RoleStyle("box", "dynamic", "filled,rounded"),
    Role.STATIC_LEAF: RoleStyle("component", "static"),
    Role.STATIC_FIELD: RoleStyle("note", "static"),
    Role.NONE: RoleStyle("box", "faint", "filled,dotted"),
    Role.INSIDE: RoleStyle("box", "faint", "filled,dashed"),
    Role.UNKNOWN: RoleStyle("box", "warning", "filled,dashed"),
}
FOLDED = RoleStyle("folder", "plain")
"""A container whose content is not drawn."""
MARKED = RoleStyle("box", "plain")
"""What a mark looks like in the legend."""

_BOX_FILLS = ("#f6f8fa", "#ffffff")


def attributes(style: RoleStyle, tone: Tone | None = None) -> dict[str, str]:
    """The attributes of a node; `tone` is a mark's, which colours in the place of the role."""
    paint = _PAINTS[style.tone if tone is None else tone]
    return {
        "shape": style.shape,
        "style": style.style,
        "fillcolor": paint.fill,
        "color": paint.line,
    }


def box_attributes(depth: int, tone: Tone = "plain") -> dict[str, str]:
    """The attributes of a cluster; neighbours in depth differ in their fill."""
    paint = _PAINTS[tone]
    fill = _BOX_FILLS[depth % 2] if tone == "plain" else paint.fill
    return {
        "style": "filled,rounded",
        "fillcolor": fill,
        "color": paint.line,
        # A frame around it has none, and would pass that on.
        "peripheries": "1",
    }
