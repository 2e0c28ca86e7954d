"""A partition as a filter spec in Python, in a line that can be pasted."""

import re

from eqxview.inspect.filters.expression import Python
from eqxview.inspect.masks import Mask, both, directly_below, members, size
from eqxview.inspect.sides import MIXED, SELECTED, rows_on
from eqxview.tree.columns import Tree

_FEW = 8
"""Subtrees that are named one by one rather than by a function of the path."""
_MOST = 100
_MAX_LENGTH = 4_000
_SPEAKABLE = re.compile(r"""(\.[^\W\d]\w*|\[(-?\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\])*""")
"""Paths that Python can follow: attributes, items by number or string."""


def python_spec(tree: Tree, sides: bytes, code: Python | None) -> str:
    """A filter spec for `eqx.partition(model, spec)` that makes the partition of `sides`.

    `code` is a Python expression of `leaf` and `path` that says the same, if there is one. The
    spec looks at the leaf alone, or names the subtrees that are selected, or looks at the path:
    what is shortest to read. Empty where all of these fail.
    """
    if code is not None and not code.needs_path:
        return f"lambda leaf: {code}"
    tops = _tops(tree, sides)
    count = size(tops)
    if count <= _FEW or (code is None and count <= _MOST):
        named = _named(tree, tops)
        if named and len(named) <= _MAX_LENGTH:
            return named
    if code is not None:
        return f"jax.tree_util.tree_map_with_path(lambda path, leaf: {code}, model)"
    return ""


def _tops(tree: Tree, sides: bytes) -> Mask:
    """The highest rows below which everything is selected."""
    selected = rows_on(sides, SELECTED)
    if selected[:1] == b"\1":
        return b"\1" + bytes(len(tree) - 1)
    return both(selected, directly_below(tree, rows_on(sides, MIXED)))


def _named(tree: Tree, tops: Mask) -> str:
    """The spec that names each of `tops`; empty where Python has no words for one."""
    paths = [tree.path(row) for row in members(tops)]
    if not paths:
        return "False"
    if paths == [""]:
        return "True"
    if not all(map(_SPEAKABLE.fullmatch, paths)):
        return ""
    nowhere = "jax.tree_util.tree_map(lambda _: False, model)"
    if len(paths) == 1:
        return f"eqx.tree_at(lambda m: m{paths[0]}, {nowhere}, True)"
    places = ", ".join(f"m{path}" for path in paths)
    return f"eqx.tree_at(lambda m: ({places}), {nowhere}, ({', '.join(['True'] * len(paths))}))"
