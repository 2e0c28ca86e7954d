"""What is written into the boxes of a picture, around it, and what a pointer reads over them."""

from collections import Counter
from collections.abc import Iterator

from eqxview.inspect.node_detail import elided_path
from eqxview.render.cells import fit
from eqxview.render.dot.fold import Box, Leaf, Plan, Rest, Statics
from eqxview.render.page_text import tree_summary
from eqxview.render.repeats import Run, run_label
from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.kinds import ROLE_MARKS, Flag, Hashing, Role
from eqxview.tree.leaf_line import container_text, leaf_line
from eqxview.tree.wording import byte_size, counted, short_count

_MAX_CELLS = 36
"""Columns of one line in a box; the pointer's text has all of it."""
_MAX_TITLE_CELLS = 56
_MAX_PATH = 200
_MAX_FIELDS = 12
_MAX_PLACES = 6


class Captions:
    """The words for what is drawn of one outline."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tree = plan.outline.tree
        self.places = Places(self._tree)

    def leaf(self, item: Leaf, prefix: str = "") -> list[str]:
        """The lines of a node; `prefix` is what stands before its entry."""
        run, line = item.run, leaf_line(self._tree, item.run.first)
        is_hole = self._tree.role[run.first] == Role.NONE
        lines = [prefix + self._name(run, line.label), line.what]
        if is_hole or not line.label:
            lines = [" ".join(filter(None, lines))]
        lines += [f"{run.length:,} × identical"] * (run.length > 1)
        lines.append(self._remarks(run.first, line.remarks))
        lines.append(self._marks(run.first))
        return [fit(text, _MAX_CELLS) for text in lines if text]

    def statics(self, item: Statics) -> list[str]:
        """The static fields of a container, one a line."""
        lines = []
        for row in item.rows[:_MAX_FIELDS]:
            line = leaf_line(self._tree, row)
            remarks = self._remarks(row, line.remarks)
            lines.append(f"{line.label} = {line.what}" + (f"  {remarks}" if remarks else ""))
        if len(item.rows) > _MAX_FIELDS:
            lines.append(f"… and {len(item.rows) - _MAX_FIELDS:,} more")
        lines.append(self._marks(item.rows[0]))
        return [fit(text, _MAX_CELLS) for text in lines if text]

    def folded(self, item: Box, prefix: str = "") -> list[str]:
        """A container whose content is not drawn."""
        tree, run = self._tree, item.run
        nodes = tree.end[run.first] - run.first - 1
        lines = [
            prefix + self._name(run, tree.entry(run.first)),
            container_text(tree, run.first),
            f"{run.length:,} × identical" if run.length > 1 else "",
            self._sums(run),
            f"folded: {counted(nodes, 'node')}" + (" each" if run.length > 1 else ""),
            self._marks(run.first),
        ]
        return [fit(text, _MAX_CELLS) for text in lines if text]

    def rest(self, item: Rest) -> list[str]:
        """What did not fit."""
        return [f"… and {item.count:,} more"]

    def box(self, item: Box, prefix: str = "") -> str:
        """The title of a container."""
        tree, run = self._tree, item.run
        name = prefix + self._name(run, tree.entry(run.first))
        count = f"{run.length:,} × identical " if run.length > 1 else ""
        parts = (
            fit(f"{name}  {count}{container_text(tree, run.first)}".strip(), _MAX_TITLE_CELLS),
            self._sums(run),
            self._marks(run.first),
        )
        return "  ".join(filter(None, parts))

    def tooltip(self, row: int) -> Iterator[str]:
        """Everything about one node that its box may have had no room for."""
        tree = self._tree
        line, mark = leaf_line(tree, row), ROLE_MARKS[Role(tree.role[row])]
        yield elided_path(tree, row, _MAX_PATH) or "root"
        yield " ".join(filter(None, (line.what, line.remarks)))
        yield tree.type_path(row)
        yield f"{mark.word}: {mark.why}"
        for column in self._plan.outline.columns:
            if word := column.of(row).word:
                yield f"{column.name}: {word}"
        yield from tree.notes.get(row, ())

    def below(self) -> list[str]:
        """What stands below the picture: its sums, its devices, and what it leaves out."""
        plan, tree = self._plan, self._tree
        lines = [tree_summary(tree), *self.places.lines()]
        if any(item.run.length > 1 for item in _items(plan.root) if isinstance(item, Leaf | Box)):
            lines.append(
                "identical: the same structure, dtypes, shapes, static values and devices; "
                "the numbers may differ"
            )
        if plan.folded:
            nodes = sum(tree.end[box.run.last] - box.run.first for box in plan.folded)
            lines.append(
                f"folded: {counted(len(plan.folded), 'container')} "
                f"with {counted(nodes, 'node')}, not drawn; "
                "eqxview.graph(x, max_nodes=…) draws more"
            )
        return lines

    def _name(self, run: Run, label: str) -> str:
        return run_label(self._tree, run) if run.length > 1 else label

    def _sums(self, run: Run) -> str:
        totals = self._tree.totals(run.first)
        if not totals.nbytes:
            # No arrays, or shared ones that are counted where they appear first.
            return ""
        each = " each" if run.length > 1 else ""
        return f"{short_count(totals.parameters)} · {byte_size(totals.nbytes)}{each}"

    def _remarks(self, row: int, remarks: str) -> str:
        """A node's remarks, without what goes without saying: the device that all arrays
        share (it stands below the picture), and that a static value is hashed by its value."""
        expected = Hashing.BY_VALUE.word
        if self._tree.place[row] != NOTHING:
            expected = self.places.common or ""
        return remarks.removeprefix(expected).strip()

    def _marks(self, row: int) -> str:
        columns = self._plan.outline.columns
        return ", ".join(filter(None, (column.of(row).word for column in columns)))


class Places:
    """The devices of a tree's arrays."""

    def __init__(self, tree: Tree) -> None:
        committed = int(Flag.COMMITTED)
        counts = Counter(zip(tree.place, tree.flags, strict=True))
        self._counts: Counter[str] = Counter()
        for (place, flags), count in counts.items():
            if place != NOTHING:
                star = "*" if flags & committed else ""
                self._counts[tree.places[place].device + star] += count
        self.common: str | None = next(iter(self._counts)) if len(self._counts) == 1 else None
        """Where all arrays are, if that is one place; `cpu:0`, or `cpu:0*` if committed."""

    def lines(self) -> Iterator[str]:
        """The devices in words, the fullest first; nothing where they are not known."""
        if not self._counts:
            return
        devices = [
            f"{counted(count, 'array')} on {name}"
            for name, count in self._counts.most_common(_MAX_PLACES)
        ]
        if len(self._counts) > _MAX_PLACES:
            devices.append(f"others on {counted(len(self._counts) - _MAX_PLACES, 'more place')}")
        stars = "  (*: committed)" if any(name.endswith("*") for name in self._counts) else ""
        yield "devices: " + ", ".join(devices) + stars


def _items(root: Box | Leaf) -> Iterator[Leaf | Statics | Rest | Box]:
    waiting: list[Leaf | Statics | Rest | Box] = [root]
    while waiting:
        item = waiting.pop()
        yield item
        if isinstance(item, Box) and item.items is not None:
            waiting += item.items
