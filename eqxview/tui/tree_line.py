"""One row of the tree as the app draws it: pieces in columns, for any width of screen."""

from typing import NamedTuple

from eqxview.document import Mark
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Flag
from eqxview.tree.leaf_line import leaf_line
from eqxview.tui.lines import Line, Piece, cut, fitted, text_width
from eqxview.tui.paint_names import PAINT_OF_ROLE, PAINT_OF_TONE

FOLDED, UNFOLDED = "▸", "▾"
MARK = "▌"


class Columns(NamedTuple):
    """Widths in cells; 0 for a column that is left out."""

    label: int
    """Mark, indentation, glyph and entry."""
    what: int
    """Letter and type."""
    elements: int
    size: int
    bar: int
    remarks: int


def columns(width: int, *, label: int, is_marked: bool = False) -> Columns:
    """The columns of a tree that is `width` cells wide and would like `label` for its labels.

    Where an analysis has marked the tree, what it says has more room.
    """
    if width < 56:
        width -= 1
        size = 10 if width >= 34 else 0
        label = max(min(label, (width - size) * 3 // 5), 1)
        return Columns(label, max(width - size - label, 0), 0, size, 0, 0)
    elements, size = 9, 10
    bar = 14 if width >= 100 else 10 if width >= 82 else 0
    remarks = min(max(width // 6, 9), 28)
    if is_marked:
        bar = bar if width >= 110 else 0
        remarks = min(max(width // 4, 12), 44)
    rest = width - elements - size - bar - remarks
    # Types are short; what labels do not need is left at the end of the line.
    label = min(max(label, rest * 2 // 5), rest * 3 // 5)
    what = min(rest - label, 40)
    return Columns(label, what, elements, size, bar, width - label - what - elements - size - bar)


def label_width(tree: Tree) -> int:
    """Cells that the labels of a tree would like, as its first rows tell."""
    widest = 0
    for row in range(min(len(tree), _MEASURED_ROWS)):
        lead = len(_indentation(tree.depth[row], _WIDEST_LABEL))
        widest = max(widest, lead + text_width(tree.label(row)))
    # The mark, the fold marker and its space, a glyph and its space, a space behind it all.
    return min(widest + 6, _WIDEST_LABEL)


def fold_marker_start(depth: int, widths: Columns) -> int:
    """The cell in which the fold marker of a row at `depth` stands."""
    return 1 + len(_indentation(depth, widths.label))


def tree_line(
    tree: Tree,
    row: int,
    widths: Columns,
    *,
    is_open: bool | None,
    is_marked: bool = False,
    is_found: bool = False,
    marks: tuple[Mark, ...] = (),
) -> Line:
    """The pieces of one row. `is_open` is `None` for a node that has no children.

    The first of `marks` colours the row, and all of them are said among the remarks.
    """
    line = leaf_line(tree, row)
    glyph, remarks = line.glyph, line.remarks
    paint = PAINT_OF_ROLE[tree.role[row]]
    words = "  ".join(mark.word for mark in marks if mark.word)
    if marks:
        glyph, paint = marks[0].glyph or glyph, PAINT_OF_TONE[marks[0].tone]
        remarks = "  ".join(filter(None, (words, remarks)))
    lead = _indentation(tree.depth[row], widths.label)
    if is_open is None:
        marker = f"{glyph or ' '} "
    else:
        marker = (UNFOLDED if is_open else FOLDED) + (f" {glyph} " if glyph else " ")
    before = 1 + len(lead) + len(marker)
    # A label that is too wide takes room from the column beside it, and never all of it.
    label = cut(line.label, max(widths.label + widths.what // 2 - before, 4))
    space = " " * max(widths.label - before - 1 - text_width(label), 0)
    pieces = [
        Piece(MARK if is_marked else " ", "mark"),
        Piece(lead, "guide"),
        Piece(marker, paint),
        Piece(label, "found" if is_found else "label"),
        Piece(space),
    ]
    room = widths.label + widths.what - before - text_width(label) - len(space)
    what = f" {line.letter:1} {line.what}" if widths.elements else f" {line.what}"
    if words and not widths.remarks:
        # No room for remarks, and a colour alone says nothing.
        what = f" {words} {line.what}"
    columns_after: list[Piece] = []
    if not line.size and not line.elements:
        # What says nothing of sizes may use their room.
        room += widths.elements + widths.size + widths.bar
        if not remarks:
            room += widths.remarks
    else:
        if widths.elements:
            columns_after.append(Piece(f"{line.elements:>{widths.elements}}", "number"))
        if widths.size:
            columns_after.append(Piece(f"{line.size:>{widths.size}}", "number"))
        if widths.bar:
            share = _share(tree, row)
            drawn = fitted(bar(share, widths.bar - 1), widths.bar - 1)
            columns_after.append(Piece(f" {drawn}", "bar"))
    pieces.append(Piece(fitted(what, room), paint))
    pieces += columns_after
    if widths.remarks and remarks:
        remark_paint = "wrong" if tree.flags[row] & _PROBLEM else paint if words else "faint"
        pieces.append(Piece(fitted(f" {remarks}", widths.remarks), remark_paint))
    return tuple(pieces)


def bar(share: float, width: int) -> str:
    """`share` (0 to 1) of `width` cells, in eighths; anything above nothing shows."""
    eighths = round(share * width * 8)
    if not eighths:
        return "▏" if share > 0 else ""
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _share(tree: Tree, row: int) -> float:
    whole = tree.totals().nbytes
    if not whole:
        return 0.0
    nbytes = tree.nbytes[row] if tree.end[row] == row + 1 else tree.totals(row).nbytes
    return min(nbytes / whole, 1.0)


def _indentation(depth: int, room: int) -> str:
    """Two cells a level; far down a number instead, and the last few levels."""
    levels = max(room // 4, 2)
    if depth <= levels:
        return "  " * depth
    number = f"⋯{depth} "
    return number + "  " * (depth % max((2 * levels - len(number)) // 2, 1))


_MEASURED_ROWS = 2_000
_WIDEST_LABEL = 60
_EIGHTHS = " ▏▎▍▌▋▊▉"
_PROBLEM = int(Flag.PROBLEM)
