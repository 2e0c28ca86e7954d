"""What differs as one tree: the nodes of both sides, down to the differences, equal ones left out.

The tree is made for an outline. Its key paths are those of the second side, and of the first
for what was removed; a subtree that is on one side only is one node.
"""

from array import array
from collections.abc import Sequence

from eqxview.document import NO_MARK, Mark, MarkColumn, Outline
from eqxview.inspect.diff.changes import KIND_MARKS, Change, ChangeKind
from eqxview.inspect.diff.node_changes import subtree_text
from eqxview.tree.columns import NOTHING, ArrayFacts, Tree, TreeBuilder
from eqxview.tree.kinds import Flag, Hashing, Kind, Role
from eqxview.tree.leaf_line import container_text


def merged_outline(
    a: Tree, b: Tree, changes: Sequence[Change], partner: dict[int, int], title: str
) -> Outline:
    """The outline of `changes`; `partner` finds the row of `b` for a container of `a`."""
    by_row: dict[int, list[Change]] = {}
    removed: dict[int, list[Change]] = {}
    shown: set[int] = {0}
    for change in changes:
        row = change.row_b
        if row != NOTHING:
            by_row.setdefault(row, []).append(change)
        else:
            row = _parent_in_b(a, change.row_a, partner)
            removed.setdefault(row, []).append(change)
        while row > 0 and row not in shown:
            shown.add(row)
            row = b.parent[row]
    builder = TreeBuilder()
    marks: list[Mark] = [NO_MARK]
    codes = array("i")
    known: dict[Mark, int] = {NO_MARK: 0}

    def mark_with(mark: Mark) -> None:
        code = known.get(mark)
        if code is None:
            code = known[mark] = len(marks)
            marks.append(mark)
        codes.append(code)

    # Of each row of `b` that is shown, its row and its depth in the new tree.
    placed: dict[int, tuple[int, int]] = {NOTHING: (NOTHING, -1)}
    for row in sorted(shown):
        parent, depth = placed[b.parent[row]]
        here = by_row.get(row, [])
        is_whole = any(change.kind in _WHOLE for change in here)
        new = _copy(builder, b, row, parent, depth + 1, is_whole=is_whole)
        placed[row] = (new, depth + 1)
        mark_with(_mark(here))
        for change in removed.get(row, ()):
            entry = _entry_below(a, change.row_a, partner)
            _copy(builder, a, change.row_a, new, depth + 2, is_whole=True, entry=entry)
            mark_with(_mark([change]))
    column = MarkColumn("change", tuple(marks), codes)
    return Outline(builder.finish(), (column,), title=title)


_WHOLE = (ChangeKind.ADDED, ChangeKind.MOVED, ChangeKind.TYPE)


def _parent_in_b(a: Tree, row: int, partner: dict[int, int]) -> int:
    row = a.parent[row]
    while row > 0 and row not in partner:
        row = a.parent[row]
    return partner.get(row, 0)


def _entry_below(a: Tree, row: int, partner: dict[int, int]) -> str | None:
    """The steps to `row` from the node that `_parent_in_b` finds, if they are several."""
    entries = [a.entry(row)]
    above = a.parent[row]
    while above > 0 and above not in partner:
        entries.append(a.entry(above))
        above = a.parent[above]
    return "".join(reversed(entries)) if len(entries) > 1 else None


def _copy(
    builder: TreeBuilder,
    tree: Tree,
    row: int,
    parent: int,
    depth: int,
    *,
    is_whole: bool,
    entry: str | int | None = None,
) -> int:
    """The node at `row`, added below the new row `parent`; a whole subtree in one line.

    `entry` is its step from there, where that is another than in `tree`.
    """
    name = tree.name[row]
    dtype, shape = tree.dtype_name(row), tree.array_shape(row)
    facts = None
    if dtype is not None and shape is not None:
        facts = ArrayFacts(dtype, shape, tree.nbytes[row], placement=tree.placement(row))
    text = tree.value_text(row) or None
    if text is None and facts is None:
        # Said in words: counted here would be what is shown, not what is there.
        text = subtree_text(tree, row) if is_whole else container_text(tree, row)
    if entry is None:
        entry = -2 - name if name < NOTHING else tree.entry(row)
    return builder.add(
        entry,
        parent,
        depth,
        kind=Kind(tree.kind[row]),
        role=Role(tree.role[row]),
        type_name=tree.types[tree.type[row]],
        text=text,
        hashing=Hashing(tree.hashing[row]),
        flags=tree.flags[row] & ~int(Flag.PROBLEM),
        array=facts,
    )


def _mark(changes: Sequence[Change]) -> Mark:
    if not changes:
        return NO_MARK
    first = KIND_MARKS[changes[0].kind]
    return Mark("; ".join(map(_words, changes)), first.tone, first.glyph)


def _words(change: Change) -> str:
    word = KIND_MARKS[change.kind].word
    if change.kind == ChangeKind.MOVED:
        word = f"moved from {change.before}"
    elif change.before and change.after:
        word = f"{word}: {change.before} → {change.after}"
    return f"{word} {change.closeness}".rstrip()
