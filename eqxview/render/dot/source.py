"""From what is drawn to DOT: containers as nested boxes, leaves as nodes, ties as dashed lines.

The layout is `osage`, which packs boxes into boxes: a pytree has no edges to order it by, and
`dot` would set everything into one row. The file says so itself (`layout=osage`): any Graphviz
draws it.
"""

import os

import graphviz

from eqxview.document import Document, Outline, Part
from eqxview.render.cells import fit
from eqxview.render.document_text import part_lines
from eqxview.render.dot import style
from eqxview.render.dot.arrange import GAP, MARGIN
from eqxview.render.dot.captions import Captions
from eqxview.render.dot.escape import title, tooltip
from eqxview.render.dot.fold import plan_of
from eqxview.render.dot.frames import cluster, make_frame, text_node
from eqxview.render.dot.legend import write_legend
from eqxview.render.dot.outline_source import OutlineWriter
from eqxview.render.dot.ties import tie_lines
from eqxview.render.page import Page
from eqxview.tree.sanitise import sanitise

_TEXT_COLUMNS = 100
_MAX_TEXT_LINES = 60
_MAX_ROUTED = 12
_MAX_ROUTED_AROUND = 200


def dot_source(page: Page, *, max_nodes: int) -> str:
    """The DOT text of `page`, with about `max_nodes` nodes and boxes for each of its trees."""
    graph = graphviz.Digraph(
        "eqxview",
        graph_attr={
            "layout": "osage",
            "pack": f"{GAP:.0f}",
            "packmode": "array_utl1",
            "bgcolor": "white",
            "fontname": style.FONT,
            "fontsize": f"{style.FONT_SIZE}",
            "fontcolor": style.INK,
            "labeljust": "l",
            "tooltip": " ",
        },
        node_attr={
            "fontname": style.FONT,
            "fontsize": f"{style.FONT_SIZE}",
            "fontcolor": style.INK,
            "width": "0",
            "height": "0",
            "margin": ",".join(f"{points / 72:.3f}" for points in MARGIN),
        },
        edge_attr={
            "fontname": style.FONT,
            "fontsize": f"{style.FONT_SIZE}",
            "fontcolor": style.TIE,
            "color": style.TIE,
            "style": "dashed",
            "penwidth": "1.5",
            "dir": "none",
        },
    )
    if heading := _heading(page):
        graph.attr(label=title(heading), labelloc="t")
    ties = 0
    for number, document in enumerate(page.documents):
        with cluster(graph, f"document{number}") as part:
            name = f"object {number + 1} of {len(page.documents)}"
            make_frame(part, number, label=title(name) if len(page.documents) > 1 else "")
            ties += _Drawing(part, f"d{number}_", max_nodes).document(document)
    # To lead lines around boxes takes seconds where there are many; it takes them without a
    # line, too.
    is_small = graph.source.count("sortv=") <= _MAX_ROUTED_AROUND
    graph.attr(splines="true" if 0 < ties <= _MAX_ROUTED and is_small else "line")
    return graph.source


def _heading(page: Page) -> str:
    # Each title once: all documents of a page are one view of several trees.
    views = dict.fromkeys(document.title for document in page.documents)
    names = [] if page.file is None else [sanitise(os.path.basename(page.file.path))]
    return " · ".join([*names, *views])


class _Drawing:
    """Writes one document into a subgraph."""

    def __init__(self, graph: graphviz.Digraph, prefix: str, max_nodes: int) -> None:
        self._graph = graph
        self._prefix = prefix
        self._max_nodes = max_nodes

    def document(self, document: Document) -> int:
        """Write all parts; how many lines between nodes were drawn."""
        return sum(self._part(part, order) for order, part in enumerate(document.parts))

    def _part(self, part: Part, order: int) -> int:
        if isinstance(part, Outline):
            return self._outline(part, order)
        lines = [fit(line, _TEXT_COLUMNS) for line in part_lines(part, width=_TEXT_COLUMNS)]
        if len(lines) > _MAX_TEXT_LINES:
            more = len(lines) - _MAX_TEXT_LINES
            lines[_MAX_TEXT_LINES:] = [f"… and {more:,} more lines"]
        if lines:
            text_node(self._graph, f"{self._prefix}text{order}", lines, order)
        return 0

    def _outline(self, outline: Outline, order: int) -> int:
        plan = plan_of(outline, max_nodes=self._max_nodes)
        captions = Captions(plan)
        lines = tie_lines(plan)
        name = f"{self._prefix}outline{order}"
        with cluster(self._graph, name) as frame:
            make_frame(frame, order, label=title(outline.title) if outline.title else "")
            writer = OutlineWriter(plan, captions, f"{name}_")
            writer.write(frame, plan.root, 0)
            write_legend(frame, plan, f"{name}_legend", 1, writer.looks)
            below = [*captions.below(), *lines.words()]
            text_node(frame, f"{name}_below", below, 2)
        # At the top: an edge in a subgraph would pull its ends into it.
        for one, other, numbers in lines.edges:
            self._graph.edge(writer.name(one), writer.name(other), tooltip=tooltip([numbers]))
        return len(lines.edges)
