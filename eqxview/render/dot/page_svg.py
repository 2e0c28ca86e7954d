"""A page as an SVG picture. Needs a Graphviz: the system's, or the extra `eqxview[dot]`."""

from collections.abc import Iterator

from eqxview.render.dot.engines import engine
from eqxview.render.dot.source import dot_source
from eqxview.render.formats import Drawing
from eqxview.render.page import Page


def draw(page: Page, drawing: Drawing) -> Iterator[str]:
    """The lines of the SVG; raises `MissingExtra` where nothing can lay it out."""
    # Asked for first: what is missing is said at once.
    graphviz = engine()
    yield from graphviz.svg(dot_source(page, max_nodes=drawing.max_nodes)).splitlines()
