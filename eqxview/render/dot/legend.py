"""What shapes and colours mean, below a picture: those that it uses, each with its word."""

from collections.abc import Iterable

import graphviz

from eqxview.document import Mark
from eqxview.render.dot import style
from eqxview.render.dot.escape import label
from eqxview.render.dot.fold import Plan
from eqxview.render.dot.frames import cluster, make_frame
from eqxview.render.dot.style import RoleStyle

_COLUMNS = 8


def write_legend(
    graph: graphviz.Digraph,
    plan: Plan,
    name: str,
    order: int,
    looks: Iterable[tuple[RoleStyle, str] | Mark],
) -> None:
    """Write a node for each shape and each mark that was drawn."""
    # Where marks colour the tree, a shape has no colour of its own.
    plain = "plain" if plan.outline.columns else None
    with cluster(graph, name) as frame:
        make_frame(frame, order, columns=_COLUMNS)
        # Shapes before marks.
        for place, look in enumerate(sorted(looks, key=lambda look: isinstance(look, Mark))):
            if isinstance(look, Mark):
                word, attributes = look.word, style.attributes(style.MARKED, look.tone)
            else:
                word, attributes = look[1], style.attributes(look[0], plain)
            frame.node(
                f"{name}{place}",
                label=label([word]),
                tooltip=" ",
                sortv=f"{place + 1}",
                **attributes,
            )
