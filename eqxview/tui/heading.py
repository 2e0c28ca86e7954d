"""The first line: which file this is, and that nothing of it was run."""

import os

from eqxview.readers.opened import OpenedFile
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import byte_size
from eqxview.tui.lines import Line, Piece, cut, text_width
from eqxview.tui.one_line import OneLine


class Heading(OneLine):
    """File, format, size and reading time; whether it was run, always."""

    DEFAULT_CSS = """
    Heading { background: $panel; }
    """

    def __init__(self, title: str) -> None:
        super().__init__(id="heading")
        self._name = sanitise(os.path.basename(title) or title)
        self._facts: list[str] = []
        self._safety = ""

    def reading(self, seconds: float) -> None:
        """The file is still on its way."""
        self._facts = [f"reading… {seconds:.1f} s" if seconds >= 1 else "reading…"]
        self.refresh()

    def opened(self, opened: OpenedFile) -> None:
        """The file is there."""
        self._facts = [
            opened.format,
            byte_size(opened.nbytes),
            f"read in {_seconds(opened.seconds)}",
        ]
        self._safety = opened.safety
        self.refresh()

    def sides(self, width: int) -> tuple[Line, Line]:
        """As many facts as fit between the name and the safety."""
        right = f"[{self._safety}] " if self._safety else ""
        if text_width(right) > width // 2:
            right = f"[{self._safety.split(':')[0]}] "
        room = width - text_width(right) - 1
        name = Piece("eqxview  ", "faint") if width >= 60 else Piece("")
        left = [Piece(" "), name, Piece(cut(self._name, max(room // 2, 8)), "title")]
        room -= sum(text_width(piece.text) for piece in left)
        for number, fact in enumerate(self._facts):
            text = ("   " if number == 0 else " · ") + fact
            # Whole facts or none: half a number says something else.
            if text_width(text) > room:
                break
            left.append(Piece(text, "faint"))
            room -= text_width(text)
        return tuple(left), (Piece(right, "dynamic"),)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
