"""The screen of a compile log: a row of it opens with what to do about it."""

from eqxview.tui.document_screen import DocumentScreen
from eqxview.watching.reasons import fix_for


class CacheScreen(DocumentScreen):
    """What was compiled, by function and by cause."""

    def cells(self, cells: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The row, and the fix for its cause."""
        known = dict(cells)
        fix = fix_for(known.get("cause", ""), [known.get("what", "")])
        return (*cells, ("fix", fix)) if fix else cells
