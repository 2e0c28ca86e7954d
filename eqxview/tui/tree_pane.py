"""A tree with its column names, and the details of the row under the cursor."""

from threading import Thread

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from eqxview.tui.column_header import ColumnHeader
from eqxview.tui.detail_pane import DetailPane
from eqxview.tui.keys import DETAIL_HINTS, hints
from eqxview.tui.messages import (
    BackWanted,
    CursorMoved,
    DetailsWanted,
    KeysChanged,
    PositionChanged,
)
from eqxview.tui.status_line import clear_notice
from eqxview.tui.tree_state import TreeState
from eqxview.tui.tree_view import TreeView

_QUIET = 0.4
"""Seconds after the first paint when NumPy is imported and the search's tables are made: 0.2 s
of work that neither the first paint nor the first search should wait for."""


class TreePane(Container):
    """Wide: the tree left, the details right; less wide: below; narrow or low: one of them."""

    DEFAULT_CSS = """
    TreePane { layout: vertical; height: 1fr; width: 1fr; }
    TreePane #tree-side { height: 1fr; width: 1fr; }
    TreePane DetailPane { height: 8; width: 1fr; border-top: solid $panel-lighten-2; }
    TreePane ColumnHeader { display: block; }
    .-wide TreePane { layout: horizontal; }
    .-wide TreePane #tree-side { width: 64%; }
    .-wide TreePane DetailPane {
        height: 1fr; width: 36%; border-top: none; border-left: solid $panel-lighten-2;
    }
    .-tall.-medium TreePane DetailPane { height: 12; }
    .-narrow TreePane ColumnHeader, .-low TreePane ColumnHeader { display: none; }
    .-narrow TreePane DetailPane, .-medium.-low TreePane DetailPane { display: none; }
    .-narrow TreePane.-details #tree-side, .-medium.-low TreePane.-details #tree-side {
        display: none;
    }
    .-narrow TreePane.-details DetailPane, .-medium.-low TreePane.-details DetailPane {
        display: block; height: 1fr; border-top: none;
    }
    """

    # The rules ask for the classes of the screen around this one.
    SCOPED_CSS = False

    def __init__(self, state: TreeState) -> None:
        super().__init__()
        self._first = state

    def compose(self) -> ComposeResult:
        """The tree under its column names, and the details."""
        with Vertical(id="tree-side"):
            yield ColumnHeader(self._first.label_width)
            yield TreeView(self._first)
        yield DetailPane()

    def on_mount(self) -> None:
        """Get ready for a first search."""
        self._name_columns()
        self.set_timer(_QUIET, self._prepare_search)

    def _prepare_search(self) -> None:
        index = self.state.index
        Thread(target=index.prepare, name="eqxview-index", daemon=True).start()

    @property
    def state(self) -> TreeState:
        """What is shown."""
        return self.view.state

    @property
    def view(self) -> TreeView:
        """The tree."""
        return self.query_one(TreeView)

    @property
    def details(self) -> DetailPane:
        """The details."""
        return self.query_one(DetailPane)

    def show(self, state: TreeState) -> None:
        """Show another tree, or the same one as it was left."""
        self.view.show(state)
        self._name_columns()

    def marks_changed(self) -> None:
        """The rows are the same, and are marked with something else."""
        self.view.marks_changed()
        self._name_columns()

    def _name_columns(self) -> None:
        marks = ", ".join(column.name for column in self.state.columns)
        self.query_one(ColumnHeader).show(self.state.label_width, marks=marks)

    def go_back(self) -> bool:
        """Leave the details for the tree; whether that was a step back."""
        if self.has_class("-details") or self.details.has_focus:
            self.remove_class("-details")
            self.view.focus()
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

    def offer_code(self, code: str) -> None:
        """What `y` copies in place of a path; empty for the path."""
        self.view.code = code

    def on_descendant_focus(self) -> None:
        """Hint at the keys of what has them."""
        shown = DETAIL_HINTS if self.details.has_focus else hints()
        self.post_message(KeysChanged(shown))

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """Details and position follow the cursor."""
        message.stop()
        self.details.show(self.state)
        clear_notice(self)
        self.tell_position()

    def tell_position(self) -> None:
        """Say in the last line where the cursor is, if this is what is looked at."""
        if not self.is_on_screen:
            return
        state = self.state
        parts: list[str] = []
        if state.is_sorted:
            parts.append("by size")
        if state.marks:
            parts.append(f"{len(state.marks):,} marked")
        if state.found is not None:
            number = state.found.number(state.cursor)
            parts.append(f"{number or '–'} of {len(state.found):,} found")
        parts.append(f"{self.view.position + 1:,}/{len(state.folding.visible):,}")
        self.post_message(PositionChanged(parts))

    @property
    def is_on_screen(self) -> bool:
        """Whether this is not behind another tab."""
        return all(widget.display for widget in self.ancestors_with_self if widget.is_attached)

    def on_details_wanted(self, message: DetailsWanted) -> None:
        """Enter on a leaf."""
        message.stop()
        self.show_details()

    def on_back_wanted(self, message: BackWanted) -> None:
        """Esc with nothing to undo in the tree."""
        if self.go_back():
            message.stop()
