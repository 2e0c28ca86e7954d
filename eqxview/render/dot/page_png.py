"""A page as a PNG picture. Needs a Graphviz: the system's, or the extra `eqxview[dot]`."""

from collections.abc import Iterator

from eqxview.render.dot.engines import engine
from eqxview.render.dot.source import dot_source
from eqxview.render.formats import Drawing
from eqxview.render.page import Page


def draw(page: Page, drawing: Drawing) -> Iterator[bytes]:
    """The file, in one piece; raises `MissingExtra` where nothing can make it."""
    graphviz = engine()
    yield graphviz.png(dot_source(page, max_nodes=drawing.max_nodes))
