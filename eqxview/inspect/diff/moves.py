"""Subtrees that went from one place and came at another: recognised by their structure."""

from collections.abc import Iterable
from typing import NamedTuple

from eqxview.inspect.diff.side import Side
from eqxview.tree.kinds import Kind


class Moves(NamedTuple):
    """What became of the subtrees that are on one side only."""

    moved: list[tuple[int, int]]
    """Roots on both sides, of subtrees that are alike but for the values of their arrays."""
    removed: list[int]
    """Roots of what is on the first side only."""
    added: list[int]
    """Roots of what is on the second side only."""


def find_moves(a: Side, removed: Iterable[int], b: Side, added: Iterable[int]) -> Moves:
    """Match subtrees of both sides, the largest first, each at most once.

    Something is matched only if there is an array in it: a lone `True` is everywhere. Among
    several that are alike, one of the same name goes first, then the first.
    """
    removed, added = sorted(removed), sorted(added)
    candidates: dict[int, list[int]] = {}
    for root in added:
        for row in range(root, b.tree.end[root]):
            if _is_telling(b, row):
                candidates.setdefault(b.structure(row), []).append(row)
    taken_a, taken_b = bytearray(len(a.tree)), bytearray(len(b.tree))
    moved: list[tuple[int, int]] = []
    # The largest first, so that what moved as a whole is not matched in pieces.
    rows = [row for root in removed for row in range(root, a.tree.end[root]) if _is_telling(a, row)]
    for row in sorted(rows, key=lambda row: row - a.tree.end[row]):
        alike = candidates.get(a.structure(row))
        if not alike or _is_taken(a, row, taken_a):
            continue
        alike[:] = (other for other in alike if not _is_taken(b, other, taken_b))
        if not alike:
            continue
        other = min(alike[:_CHOICES], key=lambda other: (a.name(row) != b.name(other), other))
        _take(a, row, taken_a)
        _take(b, other, taken_b)
        moved.append((row, other))
    return Moves(sorted(moved), _without(a, removed, taken_a), _without(b, added, taken_b))


_CHOICES = 64


def _is_taken(side: Side, row: int, taken: bytearray) -> bool:
    """Whether the subtree, or a part of it, is matched already."""
    return taken.find(1, row, side.tree.end[row]) >= 0


def _take(side: Side, row: int, taken: bytearray) -> None:
    end = side.tree.end[row]
    taken[row:end] = b"\1" * (end - row)


def _without(side: Side, roots: list[int], taken: bytearray) -> list[int]:
    """The roots of what is left: of a subtree that is matched in part, its other parts."""
    left: list[int] = []
    waiting = list(reversed(roots))
    while waiting:
        row = waiting.pop()
        if not _is_taken(side, row, taken):
            left.append(row)
        elif not taken[row]:
            waiting += reversed(list(side.tree.children(row)))
    return left


def _is_telling(side: Side, row: int) -> bool:
    """Whether a node is large enough to be recognised elsewhere."""
    return side.tree.totals(row).arrays > 0 and side.tree.kind[row] != Kind.CUT
