"""The diff as it is called from Python: of live objects, of files, of one with the other."""

import os

from eqxview.inspect.any_tree import any_tree, opened_file
from eqxview.inspect.diff.compare import compare
from eqxview.inspect.diff.report import DiffReport
from eqxview.inspect.diff.values import DEFAULT_MAX_BYTES
from eqxview.tree.columns import Tree


def diff(
    a: object, b: object, *, values: bool = True, max_bytes: int = DEFAULT_MAX_BYTES
) -> DiffReport:
    """How `b` differs from `a`. Each is a live object, a file, or a tree.

    A `str` or `pathlib.Path` is a file's path; an `OpenedFile` (from `eqxview.open_file`) and a
    `Tree` are taken as they are; anything else is a live pytree. Without `values`, arrays of
    one type are taken for equal; with them, arrays are fetched two at a time, at most
    `max_bytes` bytes in all.

    Raises `UnreadableFile` for a file that cannot be read, `UsageError` for one that holds
    several objects.

    >>> import numpy as np
    >>> report = diff({"w": np.zeros(2)}, {"w": np.array([0.0, 3.0])})
    >>> [(change.kind.value, report.path(change)) for change in report.changes]
    [('value', "['w']")]
    """
    (name_a, tree_a), (name_b, tree_b) = _named_tree(a, "first"), _named_tree(b, "second")
    return compare(tree_a, tree_b, names=(name_a, name_b), values=values, max_bytes=max_bytes)


def _named_tree(x: object, name: str) -> tuple[str, Tree]:
    opened = opened_file(x)
    if opened is None:
        return name, any_tree(x)
    return os.path.basename(opened.path), any_tree(opened)
