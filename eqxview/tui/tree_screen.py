"""The screen that shows a tree: the tree, and the details of the row under the cursor."""

from threading import Thread

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from eqxview.readers.opened import OpenedFile
from eqxview.tui.column_header import ColumnHeader
from eqxview.tui.detail_pane import DetailPane
from eqxview.tui.file_screen import FileScreen
from eqxview.tui.keys import DETAIL_HINTS, hints
from eqxview.tui.messages import BackWanted, CursorMoved, DetailsWanted, Searching
from eqxview.tui.status_line import StatusLine
from eqxview.tui.tree_state import TreeState
from eqxview.tui.tree_view import TreeView

_QUIET = 0.4
"""Seconds after the first paint when NumPy is imported and the search's tables are made: 0.2 s
of work that neither the first paint nor the first search should wait for."""


class TreeScreen(FileScreen):
    """Wide: the tree left, the details right; less wide: below; narrow or low: one of them."""

    DEFAULT_CSS = """
    TreeScreen { layout: vertical; height: 1fr; width: 1fr; }
    TreeScreen #tree-side { height: 1fr; width: 1fr; }
    TreeScreen DetailPane { height: 8; width: 1fr; border-top: solid $panel-lighten-2; }
    TreeScreen ColumnHeader { display: block; }
    .-wide TreeScreen { layout: horizontal; }
    .-wide TreeScreen #tree-side { width: 64%; }
    .-wide TreeScreen DetailPane {
        height: 1fr; width: 36%; border-top: none; border-left: solid $panel-lighten-2;
    }
    .-tall.-medium TreeScreen DetailPane { height: 12; }
    .-narrow TreeScreen ColumnHeader, .-low TreeScreen ColumnHeader { display: none; }
    .-narrow TreeScreen DetailPane, .-medium.-low TreeScreen DetailPane { display: none; }
    .-narrow TreeScreen.-details #tree-side, .-medium.-low TreeScreen.-details #tree-side {
        display: none;
    }
    .-narrow TreeScreen.-details DetailPane, .-medium.-low TreeScreen.-details DetailPane {
        display: block; height: 1fr; border-top: none;
    }
    """

    # The rules ask for the classes of the screen around this one.
    SCOPED_CSS = False

    def __init__(self, opened: OpenedFile) -> None:
        super().__init__(opened)
        self._states: dict[int, TreeState] = {}
        self._object = 0

    @property
    def state(self) -> TreeState:
        """The tree that is shown."""
        if self._object not in self._states:
            self._states[self._object] = TreeState(self.opened.trees[self._object])
        return self._states[self._object]

    @property
    def objects(self) -> str:
        """Which object of several is shown; empty if there is one."""
        count = len(self.opened.trees)
        return f"object {self._object + 1} of {count}" if count > 1 else ""

    def compose(self) -> ComposeResult:
        """The tree under its column names, and the details."""
        with Vertical(id="tree-side"):
            yield ColumnHeader(self.state.label_width)
            yield TreeView(self.state)
        yield DetailPane()

    def on_mount(self) -> None:
        """Take the keys, and get ready for a first search."""
        self.tree_view.focus()
        self.set_timer(_QUIET, self._prepare_search)

    def _prepare_search(self) -> None:
        index = self.state.index
        Thread(target=index.prepare, name="eqxview-index", daemon=True).start()

    @property
    def tree_view(self) -> TreeView:
        """The tree."""
        return self.query_one(TreeView)

    @property
    def main_view(self) -> Widget:
        """The tree."""
        return self.tree_view

    @property
    def details(self) -> DetailPane:
        """The details."""
        return self.query_one(DetailPane)

    def show_object(self, step: int) -> None:
        """Show the next object of the file, or the previous one."""
        self._object = (self._object + step) % len(self.opened.trees)
        self.tree_view.show(self.state)
        self.query_one(ColumnHeader).show(self.state.label_width)

    def go_back(self) -> bool:
        """Leave the details for the tree; whether that was a step back."""
        if self.has_class("-details") or self.details.has_focus:
            self.remove_class("-details")
            self.tree_view.focus()
            return True
        return False

    def toggle_details(self) -> None:
        """To the details, or back."""
        if not self.go_back():
            self.show_details()

    def show_details(self) -> None:
        """Give the details the keys, and the screen where there is no room for both."""
        self.add_class("-details")
        self.details.read_values()
        self.call_after_refresh(self.details.focus)

    def on_descendant_focus(self) -> None:
        """Hint at the keys of what has them."""
        shown = DETAIL_HINTS if self.details.has_focus else hints()
        self.screen.query_one(StatusLine).hint_at(shown)

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """Details and position follow the cursor."""
        message.stop()
        state = self.state
        self.details.show(state)
        self.screen.query_one(StatusLine).clear_notice()
        parts: list[str] = []
        if state.sorted is not None:
            parts.append("by size")
        if state.marks:
            parts.append(f"{len(state.marks):,} marked")
        if state.found is not None:
            number = state.found.number(state.cursor)
            parts.append(f"{number or '–'} of {len(state.found):,} found")
        parts.append(f"{self.tree_view.position + 1:,}/{len(state.folding.visible):,}")
        self.screen.query_one(StatusLine).position(parts)

    def on_searching(self, message: Searching) -> None:
        """The last line shows what is being typed."""
        message.stop()
        self.screen.query_one(StatusLine).prompt(message.query)

    def on_details_wanted(self, message: DetailsWanted) -> None:
        """Enter on a leaf."""
        message.stop()
        self.show_details()

    def on_back_wanted(self, message: BackWanted) -> None:
        """Esc with nothing to undo in the tree."""
        if self.go_back():
            message.stop()
