"""The tree as a widget: draws the rows on screen and no others, whatever the tree's size."""

from typing import ClassVar, NamedTuple

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from eqxview.errors import EqxviewError
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import counted
from eqxview.tui.keys import CHORDS, FIND, FOLD, MOVE, ROW, Chord
from eqxview.tui.lines import Line
from eqxview.tui.messages import BackWanted, CursorMoved, DetailsWanted, Notice, Searching
from eqxview.tui.paint import Brush
from eqxview.tui.python_expression import python_expression
from eqxview.tui.tree_line import Columns, columns, fold_marker_start, tree_line
from eqxview.tui.tree_state import TreeState

_REMEMBERED_STRIPS = 4096
_CHORDS: dict[str, list[Chord]] = {}
for _chord in (chord for section in CHORDS.values() for chord in section):
    _CHORDS.setdefault(_chord.first, []).append(_chord)


class _Look(NamedTuple):
    """All that a drawn line depends on; the key of the lines remembered."""

    row: int
    width: int
    is_open: bool | None
    is_cursor: bool
    is_focused: bool
    is_marked: bool
    is_found: bool
    codes: tuple[int, ...]
    """What the analysis marks the row with."""


class _Search(NamedTuple):
    """Where a search began, to go back to."""

    query: str
    cursor: int
    folds: tuple


class TreeView(ScrollView, can_focus=True):
    """Shows a `TreeState`, and changes it as keys and mouse say."""

    DEFAULT_CSS = """
    TreeView {
        height: 1fr;
        width: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar = [*MOVE, *FOLD, *FIND, *ROW]

    def __init__(self, state: TreeState) -> None:
        super().__init__(id="tree")
        self.state = state
        self._search: _Search | None = None
        self._chord: str | None = None
        self._brush = Brush(self)
        self._strips: dict[_Look, Strip] = {}
        self.code = ""
        """What `y` copies in place of a path: what an analysis has in Python to paste."""

    def show(self, state: TreeState) -> None:
        """Show another tree, where it was left."""
        self.state = state
        self._strips.clear()
        self._rows_changed()

    def marks_changed(self) -> None:
        """Draw the rows with other marks; they are the same rows."""
        self._strips.clear()
        self.refresh()
        self.post_message(CursorMoved())

    def go_to_row(self, row: int) -> None:
        """Put the cursor on a row of the tree, opening what hides it."""
        self._jump(self.state.place(row))

    # Drawing.

    @property
    def width(self) -> int:
        """Cells of a line, the scroll bar not among them."""
        return max(self.scrollable_content_region.width, 1)

    def _columns(self) -> Columns:
        return columns(self.width, label=self.state.label_width, is_marked=bool(self.state.columns))

    def render_line(self, y: int) -> Strip:
        """The row at line `y` of the screen."""
        state, width = self.state, self.width
        at = self.scroll_offset.y + y
        visible = state.folding.visible
        if at >= len(visible):
            return self._brush.strip((), width)
        place = visible[at]
        folding, row = state.folding, state.row(place)
        look = _Look(
            row,
            width,
            folding.is_open(place) if folding.has_children(place) else None,
            place == state.cursor,
            self.has_focus,
            row in state.marks,
            state.found is not None and place in state.found,
            state.mark_codes(row),
        )
        drawn = self._strips.get(look)
        if drawn is None:
            if len(self._strips) >= _REMEMBERED_STRIPS:
                self._strips.clear()
            under = ("cursor" if look.is_focused else "cursor-blurred") if look.is_cursor else ""
            drawn = self._strips[look] = self._brush.strip(self._line(look), width, under=under)
        return drawn

    def _line(self, look: _Look) -> Line:
        return tree_line(
            self.state.tree,
            look.row,
            self._columns(),
            is_open=look.is_open,
            is_marked=look.is_marked,
            is_found=look.is_found,
            marks=self.state.marks_of(look.codes),
        )

    def notify_style_update(self) -> None:
        """Another theme: every line is drawn anew."""
        super().notify_style_update()
        self._brush.forget()
        self._strips.clear()

    def on_mount(self) -> None:
        """Tell how many rows there are."""
        self._rows_changed()

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self._rows_changed()

    def on_focus(self) -> None:
        """The cursor line looks another way."""
        self._refresh_row(self.state.cursor)

    def on_blur(self) -> None:
        """The cursor line looks another way."""
        self._refresh_row(self.state.cursor)

    def _rows_changed(self) -> None:
        """Draw all that is on screen: rows have come or gone."""
        self.virtual_size = Size(self.width, len(self.state.folding.visible))
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(CursorMoved())

    def _refresh_row(self, place: int) -> None:
        if self.state.folding.is_visible(place):
            self.refresh_line(self.state.folding.position(place))

    # The cursor.

    @property
    def position(self) -> int:
        """Which of the visible rows the cursor is on, from 0."""
        return self.state.folding.position(self.state.cursor)

    def _go_to_position(self, at: int) -> None:
        visible = self.state.folding.visible
        if visible:
            self._go_to(visible[max(0, min(at, len(visible) - 1))])

    def _go_to(self, place: int) -> None:
        """Move the cursor to a visible row."""
        before, self.state.cursor = self.state.cursor, place
        if place == before:
            return
        if not self._scroll_to_cursor():
            # Two lines have changed, and nothing else.
            self._refresh_row(before)
            self._refresh_row(place)
        self.post_message(CursorMoved())

    def _jump(self, place: int) -> None:
        """Move the cursor to any row, opening what hides it, and show what is around it."""
        rows = len(self.state.folding.visible)
        self.state.folding.reveal(place)
        self.state.cursor = place
        if len(self.state.folding.visible) != rows:
            self.virtual_size = Size(self.width, len(self.state.folding.visible))
        self._scroll_to_cursor(centre=True)
        self.refresh()
        self.post_message(CursorMoved())

    def _scroll_to_cursor(self, *, centre: bool = False) -> bool:
        """Bring the cursor's line on screen; whether anything had to move for it."""
        height, top, at = max(self.size.height, 1), self.scroll_offset.y, self.position
        if top <= at < top + height:
            return False
        if centre:
            goal = at - height // 2
        else:
            goal = at if at < top else at - height + 1
        self.scroll_to(y=max(goal, 0), animate=False, immediate=True)
        return True

    def _change_folds(self, change, *arguments: int) -> object:
        """Fold or unfold; the cursor stays, or goes to the node that hides its row now."""
        result = change(*arguments)
        state = self.state
        if state.folding.visible:
            state.cursor = state.folding.visible[self.position]
        self._rows_changed()
        return result

    # Keys.

    async def on_key(self, event: events.Key) -> None:
        """All keys of the tree, one after the other.

        Textual would run bindings only when a key has gone all the way up to the app, when
        later keys have arrived: a search would miss the letters typed right behind its `/`.
        The bindings still say which keys there are.
        """
        if self._search is not None:
            self._type(event)
        elif self._chord is not None:
            first, self._chord = self._chord, None
            self.post_message(Notice(""))
            for chord in _CHORDS[first]:
                if event.character == chord.second:
                    getattr(self, f"action_{chord.action}")()
        elif bindings := self._bindings.key_to_bindings.get(event.key):
            await self.run_action(bindings[0].action)
        elif event.key in _CHORDS:
            self._chord = event.key
            choices = "   ".join(f"{chord.second} {chord.word}" for chord in _CHORDS[event.key])
            self.post_message(Notice(f"{event.key} …   {choices}"))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Paste into a search."""
        if self._search is not None and event.text:
            event.stop()
            self._search_for(self._search.query + sanitise(event.text.splitlines()[0]))

    def on_click(self, event: events.Click) -> None:
        """Select; on the fold marker, or with a second click, fold or unfold."""
        visible = self.state.folding.visible
        at = self.scroll_offset.y + event.y
        if at >= len(visible):
            return
        place = visible[at]
        self._go_to(place)
        start = fold_marker_start(self.state.shape.depth[place], self._columns())
        if event.chain == 2 and not start <= event.x < start + 2:
            self.action_enter()
        elif start <= event.x < start + 2:
            self.action_toggle_fold()

    def action_move(self, rows: int) -> None:
        """So many rows down."""
        self._go_to_position(self.position + rows)

    def action_page(self, pages: int) -> None:
        """So many screens down."""
        self._go_to_position(self.position + pages * max(self.size.height - 1, 1))

    def action_half_page(self, halves: int) -> None:
        """So many half screens down."""
        self._go_to_position(self.position + halves * max(self.size.height // 2, 1))

    def action_to_top(self) -> None:
        """To the first row."""
        self._go_to_position(0)

    def action_to_bottom(self) -> None:
        """To the last row."""
        self._go_to_position(len(self.state.folding.visible) - 1)

    def action_to_parent(self) -> None:
        """To the row above this one in the tree."""
        parent = self.state.shape.parent[self.state.cursor] if len(self.state.tree) else -1
        if parent >= 0:
            self._go_to(parent)

    def action_to_sibling(self, step: int) -> None:
        """To the next row under the same parent, or the previous one."""
        shape, place = self.state.shape, self.state.cursor
        if not len(self.state.tree) or shape.parent[place] < 0:
            return
        parent = shape.parent[place]
        if step > 0:
            if shape.end[place] < shape.end[parent]:
                self._go_to(shape.end[place])
        elif place > parent + 1:
            # The row before is the last one below the sibling: from there up to its level.
            other = place - 1
            while shape.parent[other] != parent:
                other = shape.parent[other]
            self._go_to(other)

    def action_into(self) -> None:
        """Open a closed node; go to the first row below an open one."""
        folding, place = self.state.folding, self.state.cursor
        if folding.is_open(place):
            self._go_to(place + 1)
        elif self._has_rows_below():
            self._change_folds(folding.open, place)

    def action_enter(self) -> None:
        """Fold or unfold a container; show the details of a leaf."""
        if self._has_rows_below():
            self.action_toggle_fold()
        else:
            self.post_message(DetailsWanted())

    def action_toggle_fold(self) -> None:
        """Fold or unfold."""
        if self._has_rows_below():
            self._change_folds(self.state.folding.toggle, self.state.cursor)

    def action_fold_level(self) -> None:
        """Fold the innermost open level below here; where nothing is open, the node around."""
        state = self.state
        if not state.folding.visible:
            return
        if state.folding.is_open(state.cursor):
            self._change_folds(state.folding.close_level, state.cursor)
        elif (parent := state.shape.parent[state.cursor]) >= 0:
            self._change_folds(state.folding.close, parent)

    def action_unfold_level(self) -> None:
        """Unfold one more level below here."""
        state = self.state
        if self._has_rows_below() and not self._change_folds(
            state.folding.open_level, state.cursor
        ):
            self.post_message(Notice("everything below is unfolded"))

    def action_fold_all(self) -> None:
        """Fold everything but the root."""
        state = self.state
        if state.folding.visible:
            place = state.cursor
            while state.shape.parent[place] > 0:
                place = state.shape.parent[place]
            state.cursor = place
            self._change_folds(self._fold_all)

    def _fold_all(self) -> None:
        self.state.folding.close_all()
        self.state.folding.open(0)

    def action_unfold_all(self) -> None:
        """Unfold everything."""
        if self.state.folding.visible:
            self._change_folds(self.state.folding.open_all)

    def action_unfold_below(self) -> None:
        """Unfold everything below here."""
        if self._has_rows_below():
            self._change_folds(self.state.folding.open_all, self.state.cursor)

    def _has_rows_below(self) -> bool:
        return len(self.state.tree) > 0 and self.state.folding.has_children(self.state.cursor)

    # Search.

    @property
    def is_searching(self) -> bool:
        """Whether keys go into a search."""
        return self._search is not None

    def action_find(self) -> None:
        """Begin a search: what is typed next is searched for at once."""
        state = self.state
        if state.folding.visible:
            self._search = _Search("", state.cursor, state.folding.snapshot())
            self.post_message(Searching(""))

    def action_next_found(self) -> None:
        """To the next row found."""
        self._go_to_found(forward=True)

    def action_previous_found(self) -> None:
        """To the previous row found."""
        self._go_to_found(forward=False)

    def _go_to_found(self, *, forward: bool) -> None:
        found = self.state.found
        if found is None:
            self.post_message(Notice("nothing is searched for: / begins a search"))
        elif not len(found):
            self._say_not_found(found.query)
        else:
            cursor = self.state.cursor
            self._jump(found.after(cursor) if forward else found.before(cursor))

    def _type(self, event: events.Key) -> None:
        """A key while a search is typed."""
        search = self._search
        if search is None:
            return
        match event.key:
            case "enter":
                self._end_search()
                if self.state.found is not None and not len(self.state.found):
                    self._say_not_found(search.query)
            case "escape" | "ctrl+c":
                self._cancel_search(search)
            case "backspace" | "ctrl+h":
                if search.query:
                    self._search_for(search.query[:-1])
                else:
                    self._cancel_search(search)
            case "ctrl+u":
                self._search_for("")
            case "ctrl+w":
                self._search_for(search.query.rstrip().rpartition(" ")[0])
            case "down" | "ctrl+n" if self.state.found:
                self._go_to_found(forward=True)
            case "up" | "ctrl+p" if self.state.found:
                self._go_to_found(forward=False)
            case _:
                if event.is_printable and event.character:
                    self._search_for(search.query + event.character)

    def _search_for(self, query: str) -> None:
        search = self._search
        if search is None:
            return
        self._search = search._replace(query=query)
        state = self.state
        # What an earlier letter opened is closed again: only the last row found stays open.
        state.folding.restore(search.folds)
        state.cursor = search.cursor
        if not query:
            state.found = None
        elif found := state.find(query):
            state.folding.reveal(found.at_or_after(search.cursor))
            state.cursor = found.at_or_after(search.cursor)
        self.virtual_size = Size(self.width, len(state.folding.visible))
        self._scroll_to_cursor(centre=True)
        self.refresh()
        self.post_message(Searching(query))
        self.post_message(CursorMoved())

    def _end_search(self) -> None:
        self._search = None
        self.post_message(Searching(None))

    def _cancel_search(self, search: _Search) -> None:
        self._search_for("")
        self.state.cursor = search.cursor
        self._end_search()

    def _say_not_found(self, query: str) -> None:
        self.post_message(Notice(f"not found: {query}", is_problem=True))

    def action_to_tie(self) -> None:
        """To the next row that holds the same array."""
        if not len(self.state.tree):
            return
        other = self.state.ties.next(self.state.current_row)
        if other is None:
            self.post_message(Notice("this is no shared array"))
        else:
            self._jump(self.state.place(other))

    # Rows.

    def action_mark(self) -> None:
        """Mark the row, or unmark it, and go to the next."""
        if len(self.state.tree):
            self.state.marks ^= {self.state.current_row}
            self._refresh_row(self.state.cursor)
            self.post_message(CursorMoved())
            self.action_move(1)

    def action_copy_path(self) -> None:
        """Copy the key path; with marks, one path a line. Or the code that there is to copy."""
        tree = self.state.tree
        if self.code and not self.state.marks:
            self._copy([self.code], "line")
        elif len(tree):
            self._copy([tree.path(row) for row in self.state.chosen_rows()], "path")

    def action_copy_python(self) -> None:
        """Copy the Python expression; with marks, one a line."""
        tree = self.state.tree
        if not len(tree):
            return
        try:
            self._copy(
                [python_expression(tree, row) for row in self.state.chosen_rows()], "expression"
            )
        except EqxviewError as error:
            self.post_message(Notice(str(error), is_problem=True))

    def _copy(self, texts: list[str], noun: str) -> None:
        self.app.copy_to_clipboard("\n".join(texts))
        if len(texts) > 1:
            self.post_message(Notice(f"copied {counted(len(texts), noun)}"))
        else:
            self.post_message(Notice(f"copied {texts[0]}" if texts[0] else "the root has no path"))

    def action_sort(self) -> None:
        """Sort siblings by size, or go back to the file's order."""
        if len(self.state.tree):
            is_sorted = self.state.toggle_sorted()
            self._rows_changed()
            self.post_message(Notice("sorted by size" if is_sorted else "in the file's order"))

    def action_back(self) -> None:
        """Undo what is on: found rows, then marks; then leave it to the screen."""
        state = self.state
        if state.found is not None:
            state.found = None
        elif state.marks:
            state.marks.clear()
        else:
            self.post_message(BackWanted())
            return
        self.refresh()
        self.post_message(CursorMoved())
