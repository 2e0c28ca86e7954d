"""A document as one long sheet of lines, with rows of tables that a cursor can stand on.

Lines of tables are made when they are looked at: a table may have a million rows.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple, overload

from eqxview.document import Document, Note, Outline, Part, Table
from eqxview.tui.document_lines import part_lines
from eqxview.tui.lines import Line, Piece
from eqxview.tui.table_layout import Order, TableLayout, ordered_rows


class RowAt(NamedTuple):
    """A row of one of a document's tables."""

    part: int
    """The number of the table among the document's parts."""
    row: int
    """The number of the row in the table."""


class _Block(NamedTuple):
    """Lines one below the other: made ones, or the rows of a table."""

    lines: Sequence[Line]
    part: int = -1
    layout: TableLayout | None = None
    rows: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.lines) if self.layout is None else len(self.rows)


class Sheet(Sequence[Line]):
    """The lines of a document, its outlines apart."""

    def __init__(
        self,
        document: Document,
        width: int,
        *,
        flat: bool = False,
        orders: Mapping[int, Order] | None = None,
        found: frozenset[RowAt] = frozenset(),
    ) -> None:
        """`orders` has, for the number of a part that is a sorted table, how it is sorted."""
        orders = {} if orders is None else orders
        self._found = found
        self._blocks: list[_Block] = []
        before: Part | None = None
        for number, part in enumerate(document.parts):
            if isinstance(part, Outline):
                continue
            if not (isinstance(part, Table) and part.rows):
                is_together = flat or (isinstance(part, Note) and isinstance(before, Note))
                self._add(list(part_lines(part, width, flat=flat)), is_together=is_together)
                before = part
                continue
            before = part
            order = orders.get(number)
            layout = TableLayout(part, width)
            title: list[Line] = [(Piece(part.title, "title"),)] if part.title else []
            self._add([*title, layout.header(order)], is_together=flat)
            self._blocks.append(_Block((), number, layout, ordered_rows(part, order)))
        self._starts: list[int] = []
        self._length = 0
        self._tables: list[tuple[int, int]] = []
        """For each table the number of rows before it, and the number of its block."""
        self.rows = 0
        """How many rows there are for a cursor."""
        for number, block in enumerate(self._blocks):
            self._starts.append(self._length)
            self._length += len(block)
            if block.layout is not None:
                self._tables.append((self.rows, number))
                self.rows += len(block)

    def _add(self, lines: list[Line], *, is_together: bool) -> None:
        while lines and not lines[0]:
            del lines[0]
        if not lines:
            return
        if self._blocks and not is_together:
            lines.insert(0, ())
        self._blocks.append(_Block(lines))

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._length))]
        if not 0 <= index < self._length:
            raise IndexError(index)
        number = self._block_at(index)
        block, at = self._blocks[number], index - self._starts[number]
        if block.layout is None:
            return block.lines[at]
        row = block.rows[at]
        return block.layout.line(row, is_found=RowAt(block.part, row) in self._found)

    def _block_at(self, line: int) -> int:
        # Of blocks that start on the same line, all but the last are empty.
        return bisect_right(self._starts, line) - 1

    def row_at(self, position: int) -> RowAt | None:
        """The row that is the `position`-th for the cursor, from 0."""
        if not 0 <= position < self.rows:
            return None
        before, number = self._table_of(position)
        block = self._blocks[number]
        return RowAt(block.part, block.rows[position - before])

    def line_of(self, position: int) -> int:
        """The line of the `position`-th row."""
        before, number = self._table_of(position)
        return self._starts[number] + position - before

    def top_of(self, position: int) -> int:
        """The first line to show with that row: with a table's first one also what is above it."""
        before, number = self._table_of(position)
        if position > before:
            return self.line_of(position)
        above = [block for _, block in self._tables if block < number]
        return self._starts[above[-1]] + len(self._blocks[above[-1]]) if above else 0

    def position_at_line(self, line: int) -> int | None:
        """Which row stands on a line; `None` if none does."""
        if not 0 <= line < self._length:
            return None
        number = self._block_at(line)
        for before, block in self._tables:
            if block == number:
                return before + line - self._starts[number]
        return None

    def position_of(self, row: RowAt) -> int | None:
        """Where for the cursor a row is; `None` if it is not there."""
        for before, number in self._tables:
            block = self._blocks[number]
            if block.part == row.part:
                at = block.rows.index(row.row) if row.row in block.rows else -1
                return before + at if at >= 0 else None
        return None

    def _table_of(self, position: int) -> tuple[int, int]:
        return self._tables[bisect_right(self._tables, (position, len(self._blocks))) - 1]
