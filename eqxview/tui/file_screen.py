"""What the frame asks of every screen."""

from textual.containers import Container
from textual.widget import Widget

from eqxview.readers.opened import OpenedFile


class FileScreen(Container):
    """A screen that shows a file. What a screen does not have, it answers as here."""

    def __init__(self, opened: OpenedFile) -> None:
        super().__init__()
        self.opened = opened

    @property
    def objects(self) -> str:
        """Which object of several is shown; empty if there is one."""
        return ""

    @property
    def main_view(self) -> Widget:
        """The widget that keys are for."""
        return self

    def show_object(self, step: int) -> None:
        """Show the next object of the file, or the previous one."""

    def toggle_details(self) -> None:
        """To the details of what is under the cursor, or back."""

    def go_back(self) -> bool:
        """Go one step back; whether there was one."""
        return False
