"""What shows a tab. An analysis needs no line here: its document is drawn as it is.

A line in `WIDGETS` gives one a widget of its own.
"""

from importlib import import_module

from eqxview.tui.file_screen import FileScreen
from eqxview.tui.subject import Subject
from eqxview.tui.tabs import Tab

WIDGETS: dict[str, tuple[str, str]] = {
    # What everybody sees first: it waits for no answer, and the first paint for no other file.
    "tree": ("eqxview.tui.tree_screen", "TreeScreen"),
    # A row of it knows its fix.
    "cache": ("eqxview.tui.cache_screen", "CacheScreen"),
}
"""For the name of a view the module and the class that shows it."""

_ANY = ("eqxview.tui.document_screen", "DocumentScreen")


def screen_for(tab: Tab, subject: Subject, *, filter: str = "") -> FileScreen:
    """The widget that shows a tab, with a filter to begin with."""
    module, widget = WIDGETS.get(tab.name, _ANY)
    return getattr(import_module(module), widget)(subject, tab, filter=filter)
