"""Callables of one name that are not the same: other code, other defaults, another closure."""

from collections.abc import Iterator

from eqxview.inspect.diff.changes import Change, ChangeKind
from eqxview.inspect.diff.node_changes import node_text
from eqxview.tree.callable_content import CallableContent, CallableSource, content_changes
from eqxview.tree.columns import Tree

_MOST_TOLD = 3


def callable_changes(a: Tree, b: Tree, pairs: list[tuple[int, int]]) -> Iterator[Change]:
    """The pairs of callables (rows of `a` and `b`) that differ by more than their names tell.

    Only callables of two live objects, or of two files, can be told apart: from one to the
    other nothing but the name is the same.
    """
    for x, y in pairs:
        before, after = _content(a, x), _content(b, y)
        if before is None or after is None:
            continue
        # A file's closures are nodes of the tree: they have been compared already.
        has_nodes = a.end[x] > x + 1 or b.end[y] > y + 1
        changes = content_changes(before, after, closure=not has_nodes)
        if changes:
            told = "; ".join(changes[:_MOST_TOLD])
            if len(changes) > _MOST_TOLD:
                told += f"; and {len(changes) - _MOST_TOLD:,} more"
            yield Change(
                ChangeKind.STATIC,
                _placed(node_text(a, x), before),
                f"{_placed(node_text(b, y), after)}: same name, {told}",
                x,
                y,
            )


def _content(tree: Tree, row: int) -> CallableContent | None:
    values = tree.values
    return values.callable_content(tree, row) if isinstance(values, CallableSource) else None


def _placed(text: str, content: CallableContent) -> str:
    return f"{text} at {content.where}" if content.where else text
