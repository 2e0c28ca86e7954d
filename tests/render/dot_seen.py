"""What a picture shows, read back from its SVG; and pages to draw."""

from xml.etree import ElementTree

from eqxview.document import Document, Outline
from eqxview.inspect.analyses import find_analysis
from eqxview.render.dot.source import dot_source
from eqxview.render.page import Page, page_of
from eqxview.tree.live import tree_of

SVG = "{http://www.w3.org/2000/svg}"


def page(x, view="tree", filter=""):
    """The page of an analysis of a live object."""
    return page_of(find_analysis(view), [tree_of(x)], filter=filter)


def outline_page(outline, *parts):
    return Page("", (Document("Title", (*parts, outline)),), (outline.tree,))


def dot_of(x, *, max_nodes=150):
    return dot_source(outline_page(Outline(tree_of(x))), max_nodes=max_nodes)


def lines_of(svg):
    """All lines of text, in the order of the file, the room at the end of titles left out."""
    root = ElementTree.fromstring(svg.encode())
    return [line.rstrip() for line in _texts(root)]


def nodes_of(svg):
    """The lines of each node, by its name."""
    root = ElementTree.fromstring(svg.encode())
    nodes = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("class") == "node":
            nodes[group.findtext(f"{SVG}title")] = _texts(group)
    return nodes


def _texts(element):
    # Of several spaces Graphviz makes some that do not break.
    return ["".join(text.itertext()).replace("\xa0", " ") for text in element.iter(f"{SVG}text")]
