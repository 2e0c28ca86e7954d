"""A page as DOT: what every Graphviz draws."""

from collections.abc import Iterator

from eqxview.render.dot.source import dot_source
from eqxview.render.formats import Drawing
from eqxview.render.page import Page


def draw(page: Page, drawing: Drawing) -> Iterator[str]:
    """The lines of the DOT text."""
    yield from dot_source(page, max_nodes=drawing.max_nodes).splitlines()
