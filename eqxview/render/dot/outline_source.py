"""One outline in DOT: its containers as clusters in clusters, the rest as nodes in them."""

import graphviz

from eqxview.document import NO_MARK, Mark
from eqxview.render.dot import style
from eqxview.render.dot.arrange import Grid, Size, grid_of, grid_within, text_size, titled
from eqxview.render.dot.captions import Captions
from eqxview.render.dot.escape import label, title, tooltip
from eqxview.render.dot.fold import Box, Item, Leaf, Plan, Rest, Statics
from eqxview.render.dot.frames import cluster, make_frame
from eqxview.render.dot.style import RoleStyle
from eqxview.tree.kinds import ROLE_MARKS, Role


class OutlineWriter:
    """Writes the boxes and nodes of one outline."""

    def __init__(self, plan: Plan, captions: Captions, prefix: str) -> None:
        self._plan = plan
        self._tree = plan.outline.tree
        self._captions = captions
        self._prefix = prefix
        """What names of nodes begin with: several outlines may be in one picture."""
        self._sizes: dict[int, Size] = {}
        """Sizes by the identity of their items."""
        self.looks: dict[tuple[RoleStyle, str] | Mark, None] = {}
        """The shapes and the marks that were drawn, in order of appearance."""

    def name(self, item: Item) -> str:
        """The name of the node of an item."""
        return f"{self._prefix}{_first_row(item)}"

    def write(
        self, graph: graphviz.Digraph, item: Item, order: int, *, prefix: str = "", depth: int = 0
    ) -> None:
        """Write one item and what is in it; `prefix` is what its entry is written after."""
        inner = self._only_repeat(item)
        if inner is not None:
            entry = prefix + self._tree.entry(_first_row(item))
            self.write(graph, inner, order, prefix=entry, depth=depth)
        elif isinstance(item, Box) and item.items is not None:
            self._box(graph, item, order, prefix, depth)
        else:
            self._node(graph, item, order, prefix)

    def _box(self, graph: graphviz.Digraph, item: Box, order: int, prefix: str, depth: int) -> None:
        row = item.run.first
        with cluster(graph, f"{self._prefix}{row}") as box:
            mark = self._mark(row)
            box.attr(
                # Room at the end: fonts differ by a fraction of a character.
                label=title(self._captions.box(item, prefix) + "  "),
                tooltip=tooltip(self._captions.tooltip(row)),
                sortv=f"{order + 1}",
                packmode="array_utl1",
                **style.box_attributes(depth, mark.tone),
            )
            for at, (group, grid) in enumerate(self._grids(item)):
                with cluster(box, f"{self._prefix}{row}_{at}") as frame:
                    make_frame(frame, at, columns=grid.columns)
                    for place, inner in enumerate(group):
                        self.write(frame, inner, place, depth=depth + 1)

    def _node(self, graph: graphviz.Digraph, item: Item, order: int, prefix: str) -> None:
        row = _first_row(item)
        mark = NO_MARK if isinstance(item, Rest) else self._mark(row)
        look, word = self._look(item)
        self.looks.setdefault((look, word))
        if mark.word:
            self.looks.setdefault(mark._replace(glyph=""))
        # Without a mark on this node, in a tree that has marks, a colour would look like one.
        tone = mark.tone if self._plan.outline.columns else None
        over = [""] if isinstance(item, Rest) else self._captions.tooltip(row)
        graph.node(
            self.name(item),
            label=label(self._lines(item, prefix)),
            tooltip=tooltip(over),
            sortv=f"{order + 1}",
            **style.attributes(look, tone),
        )

    def _lines(self, item: Item, prefix: str = "") -> list[str]:
        match item:
            case Leaf():
                return self._captions.leaf(item, prefix)
            case Statics():
                return self._captions.statics(item)
            case Rest():
                return self._captions.rest(item)
            case Box():
                return self._captions.folded(item, prefix)

    def _look(self, item: Item) -> tuple[RoleStyle, str]:
        match item:
            case Box():
                return style.FOLDED, "folded container"
            case Rest():
                return style.FOLDED, "more of the same container"
        role = Role(self._tree.role[_first_row(item)])
        word = "empty container" if role == Role.NODE else ROLE_MARKS[role].word
        return style.ROLE_STYLES[role], word

    def _mark(self, row: int) -> Mark:
        return self._plan.mark(row)

    def _only_repeat(self, item: Item) -> Leaf | Box | None:
        """The run of nodes that are alike, if that is all there is in a container.

        `.blocks[0..11]` is then one box, not a box in a box.
        """
        if not isinstance(item, Box) or item.items is None or item is self._plan.root:
            return None
        if item.run.length > 1 or len(item.items) > 1:
            return None
        (only,) = item.items
        if not isinstance(only, Leaf | Box) or only.run.length == 1:
            return None
        # What is said of the container alone keeps its box.
        mark = self._mark(item.run.first)
        return only if mark in (NO_MARK, self._mark(only.run.first)) else None

    def _size(self, item: Item) -> Size:
        size = self._sizes.get(id(item))
        if size is None:
            if isinstance(item, Box) and item.items is not None:
                grids = [grid.size for _, grid in self._grids(item)]
                size = titled(grids, self._captions.box(item))
            else:
                size = text_size(self._lines(item))
            self._sizes[id(item)] = size
        return size

    def _grids(self, box: Box) -> list[tuple[list[Item], Grid]]:
        """What is in a box, and how it stands: leaves, static fields, containers, each in rows
        of their own, or the widest box would set the leaves apart."""
        items = box.items or []
        groups: list[list[Item]] = [[], [], []]
        for item in items:
            groups[_GROUPS.get(type(item), 0)].append(item)
        *nodes, boxes = ([self._size(item) for item in group] for group in groups)
        around = grid_of(boxes)
        grids = [*(grid_within(sizes, around.size.width) for sizes in nodes), around]
        return [(group, grid) for group, grid in zip(groups, grids, strict=True) if group]


# A folded container stands among the open ones: the order of the tree is kept.
_GROUPS = {Statics: 1, Box: 2, Rest: 2}


def _first_row(item: Item) -> int:
    match item:
        case Leaf() | Box():
            return item.run.first
        case Statics():
            return item.rows[0]
        case Rest():
            return item.first
