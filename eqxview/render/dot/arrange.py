"""How many boxes stand beside each other, so that a picture is about as wide as a page.

Graphviz's `osage` lays boxes out in rows of a given length, in order; it does not choose the
length. Sizes are estimates: every font that is used has the same width of character.
"""

from collections.abc import Sequence
from typing import NamedTuple

from eqxview.render.cells import cell_width
from eqxview.render.dot.style import CHARACTER_WIDTH, LINE_HEIGHT

GAP = 12.0
"""Points between boxes."""
MARGIN = (8.0, 5.0)
"""Points between a node's text and its line, at its sides and above and below."""
_ASPECT = 1.6
"""Width of a good picture for a height of one: a screen's."""


class Size(NamedTuple):
    """Width and height in points."""

    width: float
    height: float


class Grid(NamedTuple):
    """Boxes in rows: how many a row, and how large that is."""

    columns: int
    size: Size


def text_size(lines: Sequence[str]) -> Size:
    """How large a node with these lines is."""
    cells = max(map(cell_width, lines), default=0)
    return Size(cells * CHARACTER_WIDTH + 2 * MARGIN[0], len(lines) * LINE_HEIGHT + 2 * MARGIN[1])


def titled(sizes: Sequence[Size], text: str) -> Size:
    """How large a box is with a title above what stands in it."""
    inner = stacked(sizes)
    return Size(
        max(inner.width, cell_width(text) * CHARACTER_WIDTH) + 2 * GAP,
        inner.height + LINE_HEIGHT + 3 * GAP,
    )


def grid_of(sizes: Sequence[Size]) -> Grid:
    """The boxes in their order, in rows as long as makes the whole most like a screen."""
    grids = (_grid(sizes, columns) for columns in range(1, len(sizes) + 1))
    return min(grids, key=_excess, default=Grid(1, Size(0.0, 0.0)))


def grid_within(sizes: Sequence[Size], width: float) -> Grid:
    """The same in the longest rows that are no wider than `width`, if that is wider."""
    grid = grid_of(sizes)
    for columns in range(grid.columns + 1, len(sizes) + 1):
        wider = _grid(sizes, columns)
        if wider.size.width > width:
            break
        grid = wider
    return grid


def stacked(sizes: Sequence[Size]) -> Size:
    """How large boxes are that stand below each other."""
    return _grid(sizes, 1).size


def _excess(grid: Grid) -> tuple[float, float]:
    width, height = grid.size
    return max(width / _ASPECT, height), width * height


def _grid(sizes: Sequence[Size], columns: int) -> Grid:
    widths = [max(size.width for size in sizes[at::columns]) for at in range(columns)]
    heights = [
        max(size.height for size in sizes[at : at + columns])
        for at in range(0, len(sizes), columns)
    ]
    return Grid(columns, Size(_spaced(widths), _spaced(heights)))


def _spaced(lengths: Sequence[float]) -> float:
    return sum(lengths) + GAP * (len(lengths) - 1)
