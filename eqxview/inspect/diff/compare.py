"""Two trees in, one report out: pairs, moves, values, in this order."""

from eqxview.inspect.diff.callables import callable_changes
from eqxview.inspect.diff.changes import Change, ChangeKind
from eqxview.inspect.diff.moves import Moves, find_moves
from eqxview.inspect.diff.node_changes import node_text, subtree_text
from eqxview.inspect.diff.pairing import Pairing, pair
from eqxview.inspect.diff.report import DiffReport
from eqxview.inspect.diff.side import Codes, Side
from eqxview.inspect.diff.values import DEFAULT_MAX_BYTES, Values
from eqxview.tree.columns import NOTHING, Tree


def compare(
    a: Tree,
    b: Tree,
    *,
    names: tuple[str, str] = ("first", "second"),
    values: bool = True,
    moves: bool = True,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> DiffReport:
    """How `b` differs from `a`; `names` is what the report calls them.

    Without `values`, arrays of one type are taken for equal. Without `moves`, what moved was
    removed at one place and added at another. Arrays are fetched two at a time, and no more
    than `max_bytes` in all: what is not compared is told.
    """
    codes = Codes()
    side_a, side_b = Side(a, codes), Side(b, codes)
    paired = pair(side_a, side_b)
    changes = [*_one_sided(side_a, side_b, paired, moves=moves), *paired.changes]
    changes += callable_changes(a, b, paired.callables)
    changes += _broken_ties(a, b, paired.arrays)
    numbers = Values(a, b, max_bytes)
    if values:
        changes = _with_numbers(changes, numbers, paired.arrays, a, b)
    order = sorted(changes, key=lambda change: _place(change, b, paired))
    return DiffReport(
        a,
        b,
        names,
        tuple(order),
        compared=numbers.compared if values else None,
        arrays=len(paired.arrays),
        skipped=tuple(numbers.skipped),
        over_budget=numbers.over_budget,
        partner=paired.partner,
    )


def _one_sided(a: Side, b: Side, paired: Pairing, *, moves: bool) -> list[Change]:
    """What was removed, added, moved, replaced; what moved is paired in `paired`, too."""
    removed = [*paired.removed, *(x for x, _ in paired.replaced)]
    added = [*paired.added, *(y for _, y in paired.replaced)]
    found = find_moves(a, removed, b, added) if moves else Moves([], removed, added)
    changes: list[Change] = []
    for x, y in found.moved:
        pair(a, b, x, y, paired)
        before, after = (side.tree.path(row) or "the root" for side, row in ((a, x), (b, y)))
        if before != after:
            changes.append(Change(ChangeKind.MOVED, before, after, x, y))
    removed, added = set(found.removed), set(found.added)
    gone, come = {x for x, _ in found.moved}, {y for _, y in found.moved}
    for x, y in paired.replaced:
        if x in gone or y in come:
            # One of the two is at another place: here, the other came or went alone.
            continue
        # Of what moved in part, the class alone: its parts are told one by one.
        before = (subtree_text if x in removed else node_text)(a.tree, x)
        after = (subtree_text if y in added else node_text)(b.tree, y)
        removed.discard(x)
        added.discard(y)
        changes.append(Change(ChangeKind.TYPE, before, after, x, y))
    changes += (Change(ChangeKind.REMOVED, subtree_text(a.tree, x), "", row_a=x) for x in removed)
    changes += (Change(ChangeKind.ADDED, "", subtree_text(b.tree, y), row_b=y) for y in added)
    return changes


def _broken_ties(a: Tree, b: Tree, pairs: list[tuple[int, int]]) -> list[Change]:
    """Arrays that are one array on one side, and several on the other."""
    if not a.ties and not b.ties:
        return []
    changes = []
    first_a, first_b = _first_rows(a), _first_rows(b)
    to_b = dict(pairs)
    to_a = {y: x for x, y in pairs}
    for x, y in pairs:
        shared_a, shared_b = first_a.get(x, x), first_b.get(y, y)
        if to_b.get(shared_a, y) == shared_b or to_a.get(shared_b, x) == shared_a:
            continue
        changes.append(
            Change(ChangeKind.TIE, _tie_text(a, x, shared_a), _tie_text(b, y, shared_b), x, y)
        )
    return changes


def _first_rows(tree: Tree) -> dict[int, int]:
    first: dict[int, int] = {}
    return {row: first.setdefault(number, row) for row, number in tree.ties.items()}


def _tie_text(tree: Tree, row: int, shared: int) -> str:
    if row == shared:
        return "an array of its own"
    return f"the same array as {tree.path(shared) or 'the root'}"


def _with_numbers(
    changes: list[Change], values: Values, pairs: list[tuple[int, int]], a: Tree, b: Tree
) -> list[Change]:
    """The changes, with numbers where arrays differ; those that differ by value only are new."""
    from dataclasses import replace

    found = {(x, y): numbers for x, y, numbers in values.differences(pairs)}
    now_at = {digest_b: y for (_, y), (_, digest_b) in values.digests.items()}
    remarks: dict[tuple[int, int], str] = {}
    for (x, y), (digest_a, _) in values.digests.items():
        if digest_a in now_at and now_at[digest_a] != y:
            remarks[x, y] = f"its values are now at {b.path(now_at[digest_a]) or 'the root'}"
    told = set()
    kept = []
    for change in changes:
        rows = (change.row_a, change.row_b)
        if change.kind in (ChangeKind.TYPE, ChangeKind.DTYPE) and rows in found:
            change = replace(change, numbers=found[rows], remark=remarks.get(rows, ""))
            told.add(rows)
        kept.append(change)
    for (x, y), numbers in found.items():
        if (x, y) not in told:
            remark = remarks.get((x, y), "")
            kept.append(Change(ChangeKind.VALUE, "", "", x, y, numbers, remark))
    return kept


def _place(change: Change, b: Tree, paired: Pairing) -> tuple[int, int, int]:
    """Where a change stands in the report: by rows of the second tree, what went after it."""
    if change.row_b != NOTHING:
        return change.row_b, 0, change.row_a
    return len(b), 1, change.row_a
