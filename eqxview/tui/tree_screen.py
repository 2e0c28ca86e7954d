"""The screen that shows the tree itself."""

from textual.app import ComposeResult
from textual.widget import Widget

from eqxview.tui.file_screen import FileScreen
from eqxview.tui.subject import Subject
from eqxview.tui.tabs import Tab
from eqxview.tui.tree_pane import TreePane
from eqxview.tui.tree_state import TreeState


class TreeScreen(FileScreen):
    """A tree, each object of the file where it was left."""

    def __init__(self, subject: Subject, tab: Tab, *, filter: str = "") -> None:
        super().__init__(subject, tab, filter=filter)
        self._states: dict[int, TreeState] = {}

    @property
    def state(self) -> TreeState:
        """The tree that is shown."""
        number = self.subject.number
        if number not in self._states:
            self._states[number] = TreeState(self.subject.tree)
        return self._states[number]

    def compose(self) -> ComposeResult:
        """The tree."""
        yield TreePane(self.state)

    @property
    def pane(self) -> TreePane:
        """The tree and its details."""
        return self.query_one(TreePane)

    @property
    def main_view(self) -> Widget:
        """The tree."""
        return self.pane.view

    def show_subject(self) -> None:
        """Show the object that is current."""
        if self.pane.state is not self.state:
            self.pane.show(self.state)
        self.pane.tell_position()

    def go_to(self, row: int) -> None:
        """Put the cursor on a row of the tree."""
        self.pane.view.go_to_row(row)

    def toggle_details(self) -> None:
        """To the details, or back."""
        self.pane.toggle_details()

    def go_back(self) -> bool:
        """Leave the details for the tree; whether that was a step back."""
        return self.pane.go_back()
