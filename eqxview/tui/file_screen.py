"""What the frame asks of every screen."""

from textual.containers import Container
from textual.widget import Widget

from eqxview.document import Document
from eqxview.tui.subject import Subject
from eqxview.tui.tabs import Tab


class FileScreen(Container):
    """A screen that shows a subject. What a screen does not have, it answers as here."""

    DEFAULT_CSS = """
    FileScreen { layout: vertical; height: 1fr; width: 1fr; }
    """

    def __init__(self, subject: Subject, tab: Tab, *, filter: str = "") -> None:
        super().__init__()
        self.subject = subject
        self.tab = tab
        self.filter = filter
        """The filter that is on."""

    @property
    def main_view(self) -> Widget:
        """The widget that keys are for."""
        return self

    @property
    def document(self) -> Document | None:
        """What is shown, if it is there."""
        return None

    def show_subject(self) -> None:
        """Show what the subject is about now: this screen has come up, or another object."""

    def take_keys(self) -> None:
        """Give the keys to what they are for."""
        self.main_view.focus()

    def go_to(self, row: int) -> None:
        """Put the cursor on a row of the tree."""

    def start_filter(self) -> bool:
        """Begin to type a filter; whether there is one to type."""
        return False

    def next_pane(self) -> bool:
        """Give the keys to another pane; whether there is another."""
        return False

    def toggle_details(self) -> None:
        """To the details of what is under the cursor, or back."""

    def go_back(self) -> bool:
        """Go one step back; whether there was one."""
        return False
