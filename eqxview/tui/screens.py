"""The table of screens. A screen is one file, and one line here."""

from typing import NamedTuple


class ScreenEntry(NamedTuple):
    """One screen: its name on the tab, and the widget that shows it."""

    name: str
    module: str
    widget: str
    """A class in `module`, made with the opened file."""


SCREENS: tuple[ScreenEntry, ...] = (ScreenEntry("Tree", "eqxview.tui.tree_screen", "TreeScreen"),)
