"""A tree in HTML: nodes that fold, with the roles of an ARIA tree, and no script."""

from collections.abc import Iterator, Sequence

from eqxview.document import Outline
from eqxview.inspect.node_detail import elided_path
from eqxview.render.html.escape import safe
from eqxview.render.html.extent import Extent, Room, extent_of
from eqxview.render.repeats import Run, run_label
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import ROLE_MARKS, Flag, Role
from eqxview.tree.leaf_line import container_text, leaf_line
from eqxview.tree.wording import byte_size, counted, short_count

_PATH_CHARACTERS = 120
_TOLD_NODES = 4_000
"""Nodes on a page up to which each has its key path as a tooltip. Of a larger page, paths would
be a third."""
_PROBLEM = int(Flag.PROBLEM)

_ROLE_CLASSES: dict[int, str] = {
    Role.NODE: "c",
    Role.DYNAMIC: "d",
    Role.STATIC_LEAF: "s",
    Role.STATIC_FIELD: "s",
    Role.NONE: "f",
    Role.INSIDE: "f",
    Role.UNKNOWN: "u",
}


def outline_html(outline: Outline, room: Room) -> Iterator[str]:
    """The lines of an outline, from the root of its tree down."""
    tree = outline.tree
    extent = extent_of(outline, room)
    tells_paths = sum(map(len, extent.runs.values())) <= _TOLD_NODES
    marked = '"tree marked"' if outline.columns else "tree"
    yield f'<div role=tree class={marked} aria-label="{safe(outline.title or tree.label(0))}">'
    # No recursion: a file may nest deeper than Python calls.
    waiting: list[Run | str] = [Run(0, 0)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
            continue
        tooltip = _tooltip(tree, item.first) if tells_paths else ""
        runs = extent.runs.get(item.first)
        if runs is None:
            yield _single(outline, item, tooltip, left_out=extent.left_out.get(item.first, 0))
            continue
        yield _container(outline, item, tooltip, is_open=item.first in extent.is_open)
        waiting.append(_end(extent, item.first))
        waiting.extend(reversed(runs))
    yield "</div>"


def legend_html(outline: Outline) -> str:
    """The glyphs of the roles that are seen, with their words; as a tooltip, what they mean."""
    used = _roles_by_glyph(outline)
    return "".join(
        f'<span class={_ROLE_CLASSES[role]} title="{safe(mark.why)}">'
        f"{mark.glyph} {safe(mark.word)}</span> "
        for role, mark in ROLE_MARKS.items()
        if role in used and mark.glyph
    )


def _roles_by_glyph(outline: Outline) -> set[int]:
    """The roles of the rows, those aside whose glyph gives way to that of a mark."""
    roles: Sequence[int] = outline.tree.role
    codes: Sequence[int] | None = outline.columns[0].codes if outline.columns else None
    if outline.rows is not None:
        codes = codes and [codes[row] for row in outline.rows]
        roles = [roles[row] for row in outline.rows]
    if codes is None:
        return set(roles)
    marks = outline.columns[0].marks
    return {role for role, code in set(zip(roles, codes, strict=True)) if not marks[code].glyph}


def _single(outline: Outline, run: Run, tooltip: str, *, left_out: int) -> str:
    """A node with nothing drawn below it."""
    role, cells = _node(outline, run, remark=_more(left_out) if left_out else "")
    return f"<div role=treeitem class={role}{tooltip}>{cells}</div>"


def _container(outline: Outline, run: Run, tooltip: str, *, is_open: bool) -> str:
    role, cells = _node(outline, run)
    return (
        f"<div role=treeitem><details{' open' if is_open else ''}>"
        f"<summary class={role}{tooltip}>{cells}</summary>"
        "<div role=group>"
    )


def _end(extent: Extent, row: int) -> str:
    count = extent.left_out.get(row, 0)
    more = f"<div class=more>{_more(count)}</div>" if count else ""
    return f"{more}</div></details></div>"


def _more(count: int) -> str:
    return f"… {counted(count, 'more node')} not drawn here"


def _node(outline: Outline, run: Run, *, remark: str = "") -> tuple[str, str]:
    """The class of a node's line, and its cells."""
    tree, row = outline.tree, run.first
    line = leaf_line(tree, row)
    role, glyph, marks = _ROLE_CLASSES[tree.role[row]], line.glyph, ""
    if tree.flags[row] & _PROBLEM:
        role = "u"
    if outline.columns:
        first = outline.columns[0].of(row)
        glyph, role = first.glyph or glyph, first.tone
        marks = "".join(
            f"<em class={mark.tone}>{safe(mark.word)}</em> "
            for mark in (column.of(row) for column in outline.columns)
            if mark.word
        )
    label, what, elements, size = line.label, line.what, line.elements, line.size
    remarks = " ".join(filter(None, (line.remarks, remark)))
    if run.length > 1:
        label = run_label(tree, run)
        if tree.end[row] > row + 1:
            what = container_text(tree, row)
            remarks = f"{remarks} each alike".lstrip()
        what = f"{run.length:,} × {what}"
        elements, size = _sums(tree, run)
    if line.letter:
        what = f"{line.letter} {what}"
    head = f"<b><u>{safe(glyph)}</u> {safe(label)}</b>" if glyph else f"<b>{safe(label)}</b>"
    # Spaces: for who copies a line, and where a style is stripped.
    tail = f" <i>{marks}{safe(remarks)}</i>" if marks or remarks else ""
    if not elements and not size:
        # What says nothing of sizes has their room.
        return role, f"{head} <i class=w>{safe(what)}</i>{tail}"
    return role, f"{head} <i>{safe(what)}</i> <i>{elements}</i> <i>{size}</i>{tail}"


def _sums(tree: Tree, run: Run) -> tuple[str, str]:
    # What is alike holds no shared arrays, so the sums of one, times their number, are right.
    totals = tree.totals(run.first)
    if not totals.arrays:
        return "", ""
    return short_count(run.length * totals.parameters), byte_size(run.length * totals.nbytes)


def _tooltip(tree: Tree, row: int) -> str:
    if row == 0:
        return f' title="{safe(tree.type_path(row))}"'
    return f' title="{safe(elided_path(tree, row, _PATH_CHARACTERS))}"'
