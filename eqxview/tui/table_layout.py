"""A table in a given width: which columns get how much, and its lines."""

from collections.abc import Sequence
from typing import NamedTuple

from eqxview.document import Column, Table, Tone, Unit, Value
from eqxview.render.values import RIGHT_ALIGNED, value_text
from eqxview.tree.key_path import elide_middle, split_entries
from eqxview.tui.lines import Line, Piece, cut, text_width
from eqxview.tui.paint_names import PAINT_OF_TONE

_MEASURED_ROWS = 1_000
_LEAST_TEXT = 8
"""Cells that a column of text is left with; rather, columns at the right are left out."""
_LEAST: dict[Unit, int] = {"path": 18, "code": 18}
"""The same for units of which a few letters say nothing."""


class Order(NamedTuple):
    """By which column a table is sorted."""

    column: int
    is_descending: bool


class TableLayout:
    """Draws the rows of one table."""

    def __init__(self, table: Table, width: int) -> None:
        self._table = table
        self.widths = _widths(table, width)
        """Cells of each column; 0 for one that is left out."""

    def header(self, order: Order | None = None) -> Line:
        """The names of the columns; an arrow at the one that the rows are sorted by."""
        names = [column.name for column in self._table.columns]
        if order is not None:
            arrow = "▾" if order.is_descending else "▴"
            room = max(self.widths[order.column] - 1, 0)
            names[order.column] = cut(names[order.column], room) + arrow
        return (Piece(self._joined(names), "faint"),)

    def line(self, row: int, *, is_found: bool = False) -> Line:
        """The row with this number in the table."""
        tones: Sequence[Tone] = self._table.tones
        paint = PAINT_OF_TONE[tones[row]] if tones else ""
        return (Piece(self._joined(row_texts(self._table, row)), "found" if is_found else paint),)

    def _joined(self, texts: Sequence[str]) -> str:
        cells: list[str] = []
        for text, column, width in zip(texts, self._table.columns, self.widths, strict=True):
            if not width:
                continue
            if text_width(text) > width:
                if column.unit == "path":
                    text = elide_middle(split_entries(text), width)
                # Of a path only where its letters are wide: it was measured in characters.
                text = cut(text, width)
            space = " " * (width - text_width(text))
            cells.append(space + text if column.unit in RIGHT_ALIGNED else text + space)
        return "  ".join(cells).rstrip()


def row_texts(table: Table, row: int) -> list[str]:
    """The cells of a row as texts."""
    return [
        value_text(value, column.unit)
        for value, column in zip(table.rows[row], table.columns, strict=True)
    ]


def ordered_rows(table: Table, order: Order | None) -> Sequence[int]:
    """The numbers of the rows as they are to be shown; rows without a value come last."""
    rows = range(len(table.rows))
    if order is None:
        return rows
    values = [row[order.column] for row in table.rows]
    known = [row for row in rows if values[row] is not None]
    known.sort(key=lambda row: _sort_key(values[row]), reverse=order.is_descending)
    return known + [row for row in rows if values[row] is None]


def next_order(table: Table, order: Order | None) -> Order | None:
    """By the next column; after the last one as it was. The largest number first, or A first."""
    column = 0 if order is None else order.column + 1
    if column >= len(table.columns):
        return None
    return Order(column, table.columns[column].unit in RIGHT_ALIGNED)


def matching_rows(table: Table, rows: Sequence[int], query: str) -> list[int]:
    """Those of `rows` that show `query` in any cell; small letters find capitals too."""
    fold = query == query.lower()

    def shows(row: int) -> bool:
        text = "\n".join(row_texts(table, row))
        return query in (text.lower() if fold else text)

    return [row for row in rows if shows(row)]


def _sort_key(value: Value) -> tuple[bool, float | str]:
    """Numbers among numbers, texts among texts, however a column mixes them."""
    if isinstance(value, str):
        return True, value.casefold()
    return False, float(value or 0)


def _widths(table: Table, width: int) -> list[int]:
    """Cells for each column, 0 for one that is left out."""
    widths = [text_width(column.name) for column in table.columns]
    for row in range(min(len(table.rows), _MEASURED_ROWS)):
        widths = [
            max(known, text_width(text))
            for known, text in zip(widths, row_texts(table, row), strict=True)
        ]
    _narrow(widths, table.columns, width)
    # Whole columns or none, from the left; what is left out is told of a row when asked.
    used = 0
    for number, size in enumerate(widths):
        if used + size > width and number:
            return widths[:number] + [0] * (len(widths) - number)
        used += size + 2
    return widths


def _narrow(widths: list[int], columns: Sequence[Column], width: int) -> None:
    """Take cells from the widest columns of text: half a number says something else."""
    least = [
        size if column.unit in RIGHT_ALIGNED else min(size, _LEAST.get(column.unit, _LEAST_TEXT))
        for size, column in zip(widths, columns, strict=True)
    ]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        wide = [at for at, size in enumerate(widths) if size > least[at]]
        if not wide:
            return
        widths[max(wide, key=lambda at: widths[at])] -= 1
