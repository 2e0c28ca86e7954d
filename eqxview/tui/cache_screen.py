"""The screen of a compile log: a row of it opens with what to do about it."""

from eqxview.tui.document_screen import DocumentScreen
from eqxview.watching import CAUSES


class CacheScreen(DocumentScreen):
    """What was compiled, by function and by cause."""

    def cells(self, cells: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The row, and the fix for its cause."""
        known = dict(cells)
        cause = CAUSES.get(known.get("cause", ""))
        if cause is None:
            return cells
        return *cells, ("fix", cause.fix.replace("{path}", known.get("what", "")))
