"""Leaves that all say the same, folded: one name for a subtree instead of one for each leaf."""

from collections.abc import Sequence
from typing import Any


def whole_subtrees(paths: Sequence[tuple[Any, ...]], said: Sequence[str]) -> list[tuple[Any, ...]]:
    """For each leaf the path of the largest subtree around it whose leaves all say the same.

    `paths` are the key paths of the leaves in the order of the tree, `said` what each leaf says.
    The root is `()`; a leaf among leaves that say something else has its own path.
    """
    count = len(paths)
    # From each leaf on, the first that says something else.
    other = list(range(1, count + 1))
    for at in range(count - 2, -1, -1):
        if said[at] == said[at + 1]:
            other[at] = other[at + 1]
    wholes: list[tuple[Any, ...]] = [()] * count
    waiting = [(0, count, 0)] if count else []
    while waiting:
        begin, end, depth = waiting.pop()
        if other[begin] >= end or depth >= len(paths[begin]):
            wholes[begin:end] = [paths[begin][:depth]] * (end - begin)
            continue
        start = begin
        for at in range(begin + 1, end + 1):
            if at == end or paths[at][depth] != paths[start][depth]:
                waiting.append((start, at, depth + 1))
                start = at
    return wholes
