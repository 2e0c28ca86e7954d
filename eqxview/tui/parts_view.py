"""A document's facts, tables, bars and notes, with a cursor on the rows of the tables."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.strip import Strip

from eqxview.document import Document, Table
from eqxview.tree.sanitise import sanitise
from eqxview.tui.keys import TABLE, TABLE_FIND, TABLE_MOVE
from eqxview.tui.line_edit import LineEdit
from eqxview.tui.lines import Line, Piece
from eqxview.tui.lines_view import LinesView
from eqxview.tui.messages import BackWanted, CursorMoved, Notice, RowWanted, Searching
from eqxview.tui.sheet import RowAt, Sheet
from eqxview.tui.table_layout import Order, matching_rows, next_order, row_texts

_EMPTY = Document("", ())


class PartsView(LinesView):
    """Shows a `Sheet`; sorts and searches its tables."""

    BINDINGS: ClassVar = [*TABLE_MOVE, *TABLE_FIND, *TABLE]

    def __init__(self) -> None:
        super().__init__(id="parts")
        self._document = _EMPTY
        self._sheet = Sheet(_EMPTY, 1)
        self._is_flat = False
        self._position = 0
        self._orders: dict[int, Order] = {}
        self._search: tuple[LineEdit, int] | None = None
        """What is being typed, and where the cursor was before."""
        self._query = ""
        self._found: frozenset[RowAt] = frozenset()

    def show(self, document: Document, *, is_flat: bool) -> None:
        """Show another document. Cursor, order and search stay if it has the same tables."""
        same = _shape(document) == _shape(self._document)
        self._document, self._is_flat = document, is_flat
        if not same:
            self._position, self._orders = 0, {}
            self._query, self._found = "", frozenset()
        elif self._query:
            self._find(self._query)
        self.lay_out(from_top=not same)
        self._position = max(min(self._position, self._sheet.rows - 1), 0)
        self.post_message(CursorMoved())

    @property
    def has_rows(self) -> bool:
        """Whether there are rows for a cursor."""
        return self._sheet.rows > 0

    def lines_for(self, width: int) -> Sequence[Line]:
        """The sheet; a cell is left free at its left."""
        self._sheet = Sheet(
            self._document,
            max(width - 2, 1),
            flat=self._is_flat,
            orders=self._orders,
            found=self._found,
        )
        return self._sheet

    def height_for(self, width: int) -> int:
        """How many lines the document takes in that width."""
        return len(Sheet(self._document, max(width - 2, 1), flat=self._is_flat))

    def render_line(self, y: int) -> Strip:
        """One line; that of the cursor stands out."""
        width, at = self.scrollable_content_region.width, self.scroll_offset.y + y
        line = self._sheet[at] if at < len(self._sheet) else ()
        under = ""
        # Without the keys it has no cursor: the tree below has one.
        if self.has_focus and self._sheet.rows and at == self._sheet.line_of(self._position):
            under = "cursor"
        return self._brush.strip((Piece(" "), *line), width, under=under)

    def on_focus(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor looks another way."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor on screen, if it is looked at."""
        self.lay_out()
        if self.has_focus:
            self._scroll_to_cursor()

    def position_text(self) -> list[str]:
        """Where the cursor is, for the last line."""
        parts: list[str] = []
        if self._found or self._query:
            parts.append(f"{len(self._found):,} found")
        if self._sheet.rows:
            parts.append(f"{self._position + 1:,}/{self._sheet.rows:,}")
        return parts

    # Keys.

    async def on_key(self, event: events.Key) -> None:
        """All keys, one after the other: see `TreeView.on_key`."""
        if self._search is not None:
            self._type(event)
        elif bindings := self._bindings.key_to_bindings.get(event.key):
            await self.run_action(bindings[0].action)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """Select a row; twice: open it."""
        position = self._sheet.position_at_line(self.scroll_offset.y + event.y)
        if position is not None:
            self._go_to(position)
            if event.chain == 2:
                self.action_open_row()

    def action_move(self, rows: int) -> None:
        """So many rows down; where there are no rows, so many lines."""
        if self._sheet.rows:
            self._go_to(self._position + rows)
        else:
            self.scroll_relative(y=rows, animate=False)

    def action_page(self, pages: int) -> None:
        """So many screens down."""
        self.action_move(pages * max(self.size.height - 1, 1))

    def action_half_page(self, halves: int) -> None:
        """So many half screens down."""
        self.action_move(halves * max(self.size.height // 2, 1))

    def action_to_top(self) -> None:
        """To the first row, and to what is above it."""
        if self._sheet.rows:
            self._go_to(0)
        else:
            self.scroll_home(animate=False)

    def action_to_bottom(self) -> None:
        """To the last row; where that is seen already, to what is below it."""
        if self._sheet.rows and self._position < self._sheet.rows - 1:
            self._go_to(self._sheet.rows - 1)
        else:
            self.scroll_end(animate=False)

    def _go_to(self, position: int) -> None:
        self._position = max(0, min(position, self._sheet.rows - 1))
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(CursorMoved())

    def _scroll_to_cursor(self) -> None:
        if not self._sheet.rows:
            return
        height, top = max(self.size.height, 1), self.scroll_offset.y
        line, first = self._sheet.line_of(self._position), self._sheet.top_of(self._position)
        if line - first >= height:
            first = line
        if first < top:
            self.scroll_to(y=first, animate=False, immediate=True)
        elif line >= top + height:
            self.scroll_to(y=line - height + 1, animate=False, immediate=True)

    # Rows.

    def _current(self) -> tuple[Table, RowAt] | None:
        at = self._sheet.row_at(self._position)
        if at is None:
            return None
        table = self._document.parts[at.part]
        return (table, at) if isinstance(table, Table) else None

    def action_open_row(self) -> None:
        """Tell which row is wanted."""
        if (current := self._current()) is None:
            return
        table, at = current
        names = [column.name for column in table.columns]
        self.post_message(
            RowWanted(
                _cell(table, at.row, "path"),
                tuple(zip(names, row_texts(table, at.row), strict=True)),
            )
        )

    def action_copy_row(self) -> None:
        """Copy the row's code, or else its path, or else its first cell."""
        if (current := self._current()) is None:
            return
        table, at = current
        text = _cell(table, at.row, "code") or _cell(table, at.row, "path")
        text = text or row_texts(table, at.row)[0]
        self.app.copy_to_clipboard(text)
        self.post_message(Notice(f"copied {text}"))

    def action_sort_by_next(self) -> None:
        """Sort the table under the cursor by its next column, or as it was."""
        if (current := self._current()) is not None:
            table, at = current
            self._sort(table, at, next_order(table, self._orders.get(at.part)))

    def action_sort_backwards(self) -> None:
        """Sort it the other way round."""
        if (current := self._current()) is None:
            return
        table, at = current
        order = self._orders.get(at.part) or next_order(table, None)
        if order is not None:
            self._sort(table, at, order._replace(is_descending=not order.is_descending))

    def _sort(self, table: Table, at: RowAt, order: Order | None) -> None:
        if order is None:
            self._orders.pop(at.part, None)
            said = "as it was"
        else:
            self._orders[at.part] = order
            way = "the largest first" if order.is_descending else "the smallest first"
            said = f"sorted by {table.columns[order.column].name}, {way}"
        self.lay_out()
        # The cursor stays with its row.
        self._go_to(self._sheet.position_of(at) or 0)
        self.post_message(Notice(said))

    # Search.

    @property
    def is_searching(self) -> bool:
        """Whether keys go into a search."""
        return self._search is not None

    def action_find(self) -> None:
        """Begin a search."""
        if self._sheet.rows:
            self._search = (LineEdit(), self._position)
            self.post_message(Searching(""))
        else:
            self.post_message(Notice("there is no table to search"))

    def on_paste(self, event: events.Paste) -> None:
        """Paste into a search."""
        if self._search is not None and event.text:
            event.stop()
            edit, before = self._search
            pasted = edit.typed(sanitise(event.text.splitlines()[0]))
            self._search = (pasted, before)
            self._search_for(pasted.text, before)

    def _type(self, event: events.Key) -> None:
        if self._search is None:
            return
        edit, before = self._search
        if event.key == "enter":
            self._search = None
            self.post_message(Searching(None))
            if self._query and not self._found:
                self._say_not_found()
        elif event.key in ("escape", "ctrl+c") or (event.key == "backspace" and not edit.text):
            self._search = None
            self._search_for("", before)
            self.post_message(Searching(None))
        elif event.key in ("down", "up"):
            self._go_to_found(forward=event.key == "down")
        else:
            changed = edit.key(event.key)
            if changed is None and event.is_printable and event.character:
                changed = edit.typed(event.character)
            if changed is not None:
                self._search = (changed, before)
                self._search_for(changed.text, before)

    def _find(self, query: str) -> None:
        self._query = query
        rows: set[RowAt] = set()
        for number, part in enumerate(self._document.parts):
            if query and isinstance(part, Table):
                shown = matching_rows(part, range(len(part.rows)), query)
                rows.update(RowAt(number, row) for row in shown)
        self._found = frozenset(rows)

    def _search_for(self, query: str, start: int) -> None:
        self._find(query)
        self.lay_out()
        self._position = start
        self._go_to(self._next_found(start) if self._found else start)
        if self._search is not None:
            self.post_message(Searching(query))

    def _next_found(self, start: int, step: int = 1) -> int:
        """The first row found from `start` on, round from the last to the first."""
        count = self._sheet.rows
        for distance in range(count):
            position = (start + step * distance) % count
            if self._sheet.row_at(position) in self._found:
                return position
        return start

    def action_next_found(self) -> None:
        """To the next row found."""
        self._go_to_found(forward=True)

    def action_previous_found(self) -> None:
        """To the previous row found."""
        self._go_to_found(forward=False)

    def _go_to_found(self, *, forward: bool) -> None:
        if self._found:
            step = 1 if forward else -1
            self._go_to(self._next_found(self._position + step, step))
        elif self._query:
            self._say_not_found()
        else:
            self.post_message(Notice("nothing is searched for: / begins a search"))

    def _say_not_found(self) -> None:
        self.post_message(Notice(f"not found: {self._query}", is_problem=True))

    def action_back(self) -> None:
        """Undo a search; then leave it to the screen."""
        if self._query:
            self._search_for("", self._position)
        else:
            self.post_message(BackWanted())


def _shape(document: Document) -> list[object]:
    """What tells documents of one kind from others: their tables' columns."""
    return [part.columns if isinstance(part, Table) else type(part) for part in document.parts]


def _cell(table: Table, row: int, unit: str) -> str:
    """The first cell with that unit; empty if there is none."""
    for value, column in zip(table.rows[row], table.columns, strict=True):
        if column.unit == unit and isinstance(value, str):
            return value
    return ""
