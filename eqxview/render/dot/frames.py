"""What stands around and beside the boxes of a picture: frames that only hold together, text."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import graphviz

from eqxview.render.dot import style
from eqxview.render.dot.arrange import text_size
from eqxview.render.dot.escape import label as label_of


def cluster(graph: graphviz.Digraph, name: str) -> AbstractContextManager[graphviz.Digraph]:
    """A subgraph that is drawn as a box; what it holds is written in a `with` block."""
    # Graphviz takes for a box what has a name that begins so.
    block = graph.subgraph(name=f"cluster_{name}")
    assert block is not None, "subgraph() returns None only where it is given a whole graph"
    return block


def make_frame(graph: graphviz.Digraph, order: int, *, label: str = "", columns: int = 1) -> None:
    """Make a subgraph one that only holds things together, in rows of `columns`.

    `order` is its place in what it stands in; `label` is escaped already.
    """
    graph.attr(
        label=label,
        tooltip=" ",
        peripheries="0",
        sortv=f"{order + 1}",
        packmode=f"array_utl{columns}",
    )


def text_node(graph: graphviz.Digraph, name: str, lines: Sequence[str], order: int) -> None:
    """Write lines as a node without a box."""
    # Given a size, as some builds of Graphviz take a character such as a bar for three.
    size = text_size(lines)
    graph.node(
        name,
        label=label_of(lines),
        tooltip=" ",
        sortv=f"{order + 1}",
        fixedsize="true",
        width=f"{size.width / 72:.3f}",
        height=f"{size.height / 72:.3f}",
        shape="plaintext",
        fontcolor=style.INK,
    )
