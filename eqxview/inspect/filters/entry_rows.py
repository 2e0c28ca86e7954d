"""Rows by the last step of their key path: a name, a key, an index."""

from collections.abc import Callable, Sequence

from eqxview.inspect.masks import Mask, looked_up, smallest
from eqxview.tree.columns import Tree


def rows_by_entry(
    tree: Tree, named: Callable[[str], bool], items: Callable[[int], Sequence[int]]
) -> Mask:
    """The rows whose entry passes: `named` is asked about each distinct entry that is a name.

    Items of sequences have numbers only: `items(n)` answers for the numbers from 0 to `n - 1`
    at once, since a list may have a million of them. The root has no entry, and never passes.
    """
    count = max(-1 - smallest(tree.name), 0)
    # Item `i` is kept as `-2 - i`: counted from the end of the table, behind the root's `-1`.
    table = [*map(named, tree.names), *reversed(items(count)), False]
    return looked_up(tree.name, table)


def rows_by_entry_text(tree: Tree, test: Callable[[str], bool], alphabet: str = "") -> Mask:
    """The rows whose entry passes `test` as it is written: `.weight`, `['kernel']`, `[3]`.

    `alphabet` are characters of which one must be in an entry that passes: where none is in
    the entry of an item, items are not asked one by one.
    """

    def items(count: int) -> Sequence[int]:
        if alphabet and not set(alphabet) <= _OF_ITEMS:
            return bytes(count)
        return [test(f"[{index}]") for index in range(count)]

    return rows_by_entry(tree, test, items)


_OF_ITEMS = frozenset("[0123456789]")


def bare_name(entry: str) -> str:
    """An entry without its punctuation: `weight` for `.weight`, `kernel` for `['kernel']`."""
    if entry.startswith("."):
        return entry[1:]
    inner = entry[1:-1] if entry.startswith("[") and entry.endswith("]") else entry
    if len(inner) > 1 and inner[0] in "'\"" and inner[-1] == inner[0]:
        return inner[1:-1]
    return inner
