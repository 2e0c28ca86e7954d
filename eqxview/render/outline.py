"""A tree as text, one node a line.

Lines are put together by hand: Rich's `Tree` takes 12.5 s for 100,000 leaves.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

from eqxview.document import Outline
from eqxview.render.ansi import PLAIN, Palette
from eqxview.render.cells import cell_width, fit
from eqxview.tree.columns import Tree
from eqxview.tree.leaf_line import LeafLine, leaf_line

_MAX_LABEL_COLUMN = 48
_MAX_WHAT_COLUMN = 32
_MEASURED_ROWS = 5_000


def outline_lines(
    outline: Outline, *, palette: Palette = PLAIN, width: int | None = None
) -> Iterator[str]:
    """The lines of an outline, from the root of its tree down.

    `width` is the number of columns to fit each line in; `None` never cuts.
    """
    tree = outline.tree
    rows = range(len(tree)) if outline.rows is None else outline.rows
    # The lines that the columns are measured by are not made twice.
    measured = [leaf_line(tree, row) for row in rows[:_MEASURED_ROWS]]
    label_column, what_column = _columns(tree, rows, measured)
    if width is not None:
        label_column = min(label_column, max(12, width * 2 // 5))
        what_column = min(what_column, max(8, width // 4))
    guides = _Guides(tree, outline.rows)
    others = map(partial(leaf_line, tree), rows[_MEASURED_ROWS:])
    for row, line in zip(rows, chain(measured, others), strict=True):
        yield _line(
            outline,
            row,
            line,
            guides.before(row),
            label_column=label_column,
            what_column=what_column,
            palette=palette,
            width=width,
        )


def _line(
    outline: Outline,
    row: int,
    line: LeafLine,
    guide: str,
    *,
    label_column: int,
    what_column: int,
    palette: Palette,
    width: int | None,
) -> str:
    tree = outline.tree
    glyph, colour = line.glyph, palette.of_role(tree.role[row])
    remarks = line.remarks
    if outline.columns:
        mark = outline.columns[0].of(row)
        glyph, colour = mark.glyph or glyph, palette.of_tone(mark.tone)
        words = (column.of(row).word for column in outline.columns)
        remarks = "  ".join(filter(None, (*words, remarks)))
    glyph = f"{glyph} " if glyph else ""
    # What would push the columns apart takes its own room instead.
    label_room = max(label_column - len(guide) - len(glyph), 0)
    label = line.label + " " * (label_room - cell_width(line.label))
    what = f"{line.letter:1} {line.what}" + " " * (what_column - cell_width(line.what))
    tail = f"  {line.elements:>7}  {line.size:>9}  {remarks}".rstrip()
    if width is not None:
        room = max(width - cell_width(guide + glyph + label) - 2, 0)
        what = fit(what.rstrip(), room) if cell_width(what) > room else what
        tail = fit(tail, max(room - cell_width(what), 0))
    if palette is PLAIN:
        return f"{guide}{glyph}{label}  {what}{tail}".rstrip()
    if not tail:
        what = what.rstrip()
    reset = palette.reset
    return (
        f"{palette.guide}{guide}{reset}{colour}{glyph}{reset}{label}  "
        f"{colour}{what}{reset}{palette.faint}{tail}{reset}"
    )


class _Guides:
    """The box-drawing before each row: `│  ├─ `, kept from row to row."""

    def __init__(self, tree: Tree, rows: Sequence[int] | None) -> None:
        self._tree = tree
        self._stems: list[str] = [""]
        """Per depth, what stands before a child's own branch."""
        self._last = None if rows is None else _last_children(tree, rows)

    def before(self, row: int) -> str:
        """The guide of `row`; rows must be asked for in ascending order."""
        tree, stems = self._tree, self._stems
        depth = tree.depth[row]
        if depth == 0:
            return ""
        if self._last is None:
            is_last = tree.end[row] == tree.end[tree.parent[row]]
        else:
            is_last = row in self._last
        stem = stems[depth - 1]
        if tree.end[row] > row + 1:
            del stems[depth:]
            stems.append(stem + ("   " if is_last else "│  "))
        return stem + ("└─ " if is_last else "├─ ")


def _last_children(tree: Tree, rows: Sequence[int]) -> set[int]:
    """Of the rows shown, each that has no shown sibling after it."""
    parents: set[int] = set()
    last: set[int] = set()
    for row in reversed(rows):
        parent = tree.parent[row]
        if parent not in parents:
            parents.add(parent)
            last.add(row)
    return last


def _columns(tree: Tree, rows: Sequence[int], lines: Sequence[LeafLine]) -> tuple[int, int]:
    """Widths of the label and the type column, from the first `rows`: what a screen shows."""
    label_column = what_column = 0
    for row, line in zip(rows, lines, strict=False):
        label = 3 * tree.depth[row] + 2 * bool(line.glyph) + cell_width(line.label)
        label_column = max(label_column, min(label, _MAX_LABEL_COLUMN))
        if line.elements or line.remarks:
            what_column = max(what_column, min(cell_width(line.what), _MAX_WHAT_COLUMN))
    return label_column, what_column
