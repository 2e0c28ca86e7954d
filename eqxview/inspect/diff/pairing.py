"""Which node of one tree is which of the other: by key path, by place in a list, by structure.

A pair whose rows have equal keys all the way down is settled by comparing two slices of
numbers; only what differs is gone into, node by node.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from eqxview.inspect.diff.changes import Change
from eqxview.inspect.diff.node_changes import node_changes
from eqxview.inspect.diff.side import CALLABLES, Side
from eqxview.tree.kinds import Kind

MAX_ALIGNED = 20_000_000
"""Pairs of items looked at to align lists of different lengths; once they are used up, lists are
aligned at their ends only."""


@dataclass(slots=True)
class Pairing:
    """What came of pairing two trees."""

    changes: list[Change] = field(default_factory=list)
    """Differences of paired nodes, values of arrays apart."""
    removed: list[int] = field(default_factory=list)
    """Roots of subtrees that are on the first side only."""
    added: list[int] = field(default_factory=list)
    """Roots of subtrees that are on the second side only."""
    replaced: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of roots at one place that have nothing in common."""
    arrays: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of rows that are both arrays of one shape."""
    callables: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of rows that are both callables of one name: what they hold may still differ."""
    partner: dict[int, int] = field(default_factory=dict)
    """Of each container of the first side that was gone into, its row on the second."""
    effort: int = MAX_ALIGNED
    """Pairs of items that may still be looked at."""


def pair(a: Side, b: Side, row_a: int = 0, row_b: int = 0, into: Pairing | None = None) -> Pairing:
    """Pair the subtrees at `row_a` and `row_b`, and all that is below them."""
    found = Pairing() if into is None else into
    ends_a, ends_b = a.tree.end, b.tree.end
    waiting = [(row_a, row_b)]
    while waiting:
        x, y = waiting.pop()
        span = ends_a[x] - x
        children: list[tuple[int, int]] = []
        # The key of a root holds its name, which may differ: it may have moved.
        if span == ends_b[y] - y and a.keys[x + 1 : x + span] == b.keys[y + 1 : y + span]:
            is_alike = a.keys[x] == b.keys[y]
            if span > 1 or is_alike:
                begin = x if is_alike else x + 1
                found.arrays += ((row, row - x + y) for row in a.array_rows(begin, x + span))
                found.callables += ((row, row - x + y) for row in a.callable_rows(begin, x + span))
            if is_alike:
                continue
            if span == 1 and _is_replaced(a, b, x, y):
                found.replaced.append((x, y))
                continue
        else:
            children, only_a, only_b = _paired_children(a, b, x, y, found)
            if not children and _is_replaced(a, b, x, y):
                found.replaced.append((x, y))
                continue
            found.removed += only_a
            found.added += only_b
        found.partner[x] = y
        changes, are_arrays = node_changes(a.tree, x, b.tree, y)
        found.changes += changes
        if are_arrays:
            found.arrays.append((x, y))
        if not changes and a.tree.kind[x] in CALLABLES:
            found.callables.append((x, y))
        waiting += reversed(children)
    return found


def _is_replaced(a: Side, b: Side, x: int, y: int) -> bool:
    """Whether two nodes without a common child have nothing else in common either."""
    first, second = a.tree, b.tree
    if first.kind[x] == second.kind[y] == Kind.ARRAY:
        return False
    is_small = first.end[x] == x + 1 and second.end[y] == y + 1
    if is_small and Kind.ARRAY not in (first.kind[x], second.kind[y]):
        # Two static values: one value went over into the other.
        return False
    return (first.kind[x], first.type_path(x)) != (second.kind[y], second.type_path(y))


_Children = tuple[list[tuple[int, int]], list[int], list[int]]


def _paired_children(a: Side, b: Side, x: int, y: int, found: Pairing) -> _Children:
    """Pairs of children, children of `x` only, and children of `y` only."""
    first, second = list(a.tree.children(x)), list(b.tree.children(y))
    if not first or not second:
        return [], first, second
    if a.is_sequence_item(first[0]) and b.is_sequence_item(second[0]):
        if len(first) == len(second):
            return list(zip(first, second, strict=True)), [], []
        return _aligned(a, b, first, second, found)
    return _by_name(a, b, first, second)


def _by_name(a: Side, b: Side, first: list[int], second: list[int]) -> _Children:
    # Names that differ in what was made safe for the screen may look alike: first come, first
    # served.
    by_name: dict[int, list[int]] = {}
    for row in reversed(second):
        by_name.setdefault(b.name(row), []).append(row)
    pairs, only_a = [], []
    for row in first:
        same = by_name.get(a.name(row))
        if same:
            pairs.append((row, same.pop()))
        else:
            only_a.append(row)
    paired = {row for _, row in pairs}
    return pairs, only_a, [row for row in second if row not in paired]


def _aligned(a: Side, b: Side, first: list[int], second: list[int], found: Pairing) -> _Children:
    """Items of two lists of different lengths: those of one structure belong together.

    So one layer put in front of others is one that was added, not a change of all of them.
    """
    left = [a.structure(row) for row in first]
    right = [b.structure(row) for row in second]
    pairs: list[tuple[int, int]] = []
    only_a: list[int] = []
    only_b: list[int] = []
    for start_a, end_a, start_b, end_b in _blocks(left, right, found):
        # Between what is alike, items pair off in their order.
        both = min(end_a - start_a, end_b - start_b)
        pairs += zip(first[start_a : start_a + both], second[start_b : start_b + both], strict=True)
        only_a += first[start_a + both : end_a]
        only_b += second[start_b + both : end_b]
    return pairs, only_a, only_b


def _blocks(
    left: list[int], right: list[int], found: Pairing
) -> Iterator[tuple[int, int, int, int]]:
    """Slices of both lists that belong together, in order."""
    shorter = min(len(left), len(right))
    head = next((at for at in range(shorter) if left[at] != right[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if left[-1 - at] != right[-1 - at]), rest)
    end_a, end_b = len(left) - tail, len(right) - tail
    yield 0, head, 0, head
    cost = (end_a - head) * (end_b - head)
    if cost <= found.effort:
        found.effort -= cost
        matcher = SequenceMatcher(None, left[head:end_a], right[head:end_b], autojunk=False)
        for _, start_a, stop_a, start_b, stop_b in matcher.get_opcodes():
            yield head + start_a, head + stop_a, head + start_b, head + stop_b
    else:
        yield head, end_a, head, end_b
    yield end_a, len(left), end_b, len(right)
