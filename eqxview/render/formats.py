"""The table of formats. A line here, and every analysis comes in it."""

import os
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from eqxview.errors import UsageError

if TYPE_CHECKING:
    from eqxview.render.page import Page


class Drawing(NamedTuple):
    """How a page is to be drawn; a format takes what it understands."""

    colour: bool = False
    width: int | None = None
    """Columns that lines must fit in; `None` never cuts."""
    max_nodes: int = 150
    """About how many nodes and boxes a picture of one tree may have: more cannot be taken in."""


class Format(NamedTuple):
    """A way to write a page."""

    name: str
    """What `--format` calls it; also the suffix of its files."""
    summary: str
    module: str
    """The module whose `draw(page, drawing)` gives the lines of the file, without their ends;
    or, for a binary format, its pieces as `bytes`. Imported when the format is asked for."""
    is_binary: bool = False

    def draw(self, page: "Page", drawing: Drawing) -> Iterable[str] | Iterable[bytes]:
        """The lines, or the pieces, of the page."""
        return import_module(self.module).draw(page, drawing)


# In the order in which `--help` lists them.
FORMATS: list[Format] = [
    Format("text", "lines for a terminal or a pipe", "eqxview.render.page_text"),
    Format("json", "one object, every leaf an object in it", "eqxview.render.page_json"),
    Format("html", "a page for a browser, complete in one file", "eqxview.render.html.page_html"),
    Format("dot", "a diagram as Graphviz text", "eqxview.render.dot.page_dot"),
    Format("svg", "the diagram as a picture", "eqxview.render.dot.page_svg"),
    Format("png", "the diagram in pixels", "eqxview.render.dot.page_png", is_binary=True),
]


def find_format(name: str) -> Format:
    """The format called `name`; raises `UsageError`, with the names, if there is none."""
    for candidate in FORMATS:
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in FORMATS)
    raise UsageError(f"there is no format {name!r}", hint=f"the formats are: {names}")


# Suffixes of text, besides the names of formats.
_TEXT_SUFFIXES = ("", "txt", "log")


def format_of_file(path: str) -> Format:
    """The format that the name of a file asks for by its suffix; text where it has none.

    Raises `UsageError` for a suffix of another sort of file: text in a `.pdf` opens nowhere.
    """
    suffix = os.path.splitext(path)[1].lstrip(".").lower()
    if suffix in _TEXT_SUFFIXES:
        return FORMATS[0]
    for known in FORMATS:
        if known.name == suffix:
            return known
    suffixes = ", ".join(f".{known.name}" for known in FORMATS[1:])
    raise UsageError(
        f"there is no format for the suffix '.{suffix}' of {path!r}",
        hint=f"the suffixes are: .txt, {suffixes}; any name goes with --format NAME",
    )
