"""Writing what is shown to a file, in any format there is."""

import os

from eqxview.errors import UsageError
from eqxview.render.files import write_file
from eqxview.render.formats import Drawing, format_of_file
from eqxview.render.page import Page
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import byte_size
from eqxview.tui.subject import Subject
from eqxview.tui.tabs import Tab

_COLUMNS = 120
"""Columns of a text file: what fits a window beside another."""


def export_name(subject: Subject, tab: Tab) -> str:
    """The name that is offered: that of the file, the view, and a suffix of text."""
    base = os.path.basename(subject.opened.path) or "tree"
    stem = sanitise(base.partition(".")[0] or base, limit=100)
    return f"{stem}-{tab.name}.txt"


def export(subject: Subject, tab: Tab, path: str, *, filter: str = "") -> str:
    """Write the view to `path`, in the format that its suffix names; returns what was done.

    Raises `UsageError` where a file is already, and `EqxviewError` where one cannot be written.
    """
    path = os.path.expanduser(path)
    drawn = format_of_file(path)
    if os.path.exists(path):
        raise UsageError(
            f"there is a file already: {sanitise(path)}", hint="choose another name, or remove it"
        )
    document = tab.ask(subject, filter).document()
    trees = (subject.tree,) if subject.trees else ()
    page = Page(tab.name, (document,), trees, subject.opened)
    write_file(path, drawn.draw(page, Drawing(width=_COLUMNS)))
    return f"written: {sanitise(path)}, {byte_size(os.path.getsize(path))}"
