"""The partition that a live filter spec makes: a function, or a prefix tree of such and bools."""

import os
from array import array
from typing import Any

from eqxview.errors import UsageError
from eqxview.inspect.any_tree import any_tree
from eqxview.inspect.partition import Partition, partition_of
from eqxview.inspect.partition_by_filter import partition_by_filter
from eqxview.inspect.whole_subtrees import whole_subtrees
from eqxview.readers.opened import OpenedFile
from eqxview.tree.columns import Tree
from eqxview.tree.live.value_repr import guarded_repr
from eqxview.tree.sanitise import sanitise


def partition(pytree: Any, spec: Any = "") -> Partition:
    """The two halves of a live pytree, as `eqx.partition(pytree, spec)` makes them.

    `spec` is what that function takes: a `bool`, a function from a leaf to a bool, or a prefix
    of the pytree made of these. Or it is a filter as text, such as `"dtype=f32 path~attn"`; the
    empty text stands for `is_array`. A `Tree`, and a file or
    its path, take text only.

    Raises `eqxview.errors.UsageError` for a spec that is none of these, or is no prefix. What a
    function of the spec raises comes through, with a note that names the leaf.
    """
    tree = any_tree(pytree)
    if isinstance(spec, str):
        return partition_by_filter(tree, spec)
    if isinstance(pytree, Tree | OpenedFile | str | os.PathLike):
        raise UsageError(
            f"a tree has no values to ask {guarded_repr(spec)} about",
            hint='give a filter as text, e.g. eqxview.partition(x, "is_inexact_array")',
        )
    return _Decisions(tree, pytree, spec).partition()


class _Decisions:
    """Goes through the leaves of a pytree, part by part of the spec."""

    def __init__(self, tree: Tree, pytree: Any, spec: Any) -> None:
        self._tree = tree
        self._pytree = pytree
        self._spec = spec
        self._selected = bytearray(len(tree))
        self._decided_by = array("i", b"\xff" * (4 * len(tree)))
        self._deciders: dict[str, int] = {}

    def partition(self) -> Partition:
        """The halves."""
        from jax import tree_util

        parts, subtrees = _matched(tree_util, self._spec, self._pytree)
        rows = self._tree.leaves()
        wholes = whole_subtrees([path for path, _ in parts], [_said(part) for _, part in parts])
        for (path, accept), whole, subtree in zip(parts, wholes, subtrees, strict=True):
            where = f"spec{sanitise(tree_util.keystr(path))}"
            if type(accept) is not bool and not callable(accept):
                raise UsageError(
                    f"the filter spec has {guarded_repr(accept)} at {where}, of class "
                    f"{type(accept).__name__}: expected True, False or a function of a leaf",
                    hint="write bool(...) around NumPy's booleans; a function is e.g. eqx.is_array",
                )
            # The root of the spec needs no name: `eqx.is_array`, and not `spec = eqx.is_array`.
            place = f"spec{sanitise(tree_util.keystr(whole))} = " if whole else ""
            decider = f"{place}{_said(accept)}"
            for leaf in tree_util.tree_leaves(subtree):
                row = next(rows, None)
                if row is None:
                    raise UsageError(
                        f"the pytree has more than {len(self._tree):,} nodes: not all were seen",
                        hint="partition a part of it",
                    )
                self._decide(row, accept, leaf, decider, where)
        text = next(iter(self._deciders), str(self._spec)) if len(parts) == 1 else ""
        return partition_of(
            self._tree,
            bytes(self._selected),
            spec=text or f"a spec of {len(parts):,} parts",
            deciders=tuple(self._deciders),
            decided_by=self._decided_by,
            python=text if text.startswith("eqx.") or text in ("True", "False") else None,
        )

    def _decide(self, row: int, accept: Any, leaf: Any, decider: str, where: str) -> None:
        if type(accept) is bool:
            verdict = accept
        else:
            try:
                verdict = bool(accept(leaf))
            except Exception as error:
                asked = self._tree.path(row) or "the root"
                error.add_note(f"{where} = {_said(accept)} was asked about {asked}")
                raise
        self._selected[row] = verdict
        self._decided_by[row] = self._deciders.setdefault(decider, len(self._deciders))


def _matched(tree_util: Any, spec: Any, pytree: Any) -> tuple[list[Any], list[Any]]:
    """The leaves of the spec with their paths, and for each one the subtree it decides about."""
    if type(spec) is not bool and callable(spec) and tree_util.all_leaves([spec]):
        return [((), spec)], [pytree]
    parts, treedef = tree_util.tree_flatten_with_path(spec)
    try:
        return parts, treedef.flatten_up_to(pytree)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"the filter spec is no prefix of the pytree: {sanitise(str(error))}",
            hint="make it from the pytree: jax.tree_util.tree_map(lambda _: False, pytree)",
        ) from error


def _said(accept: Any) -> str:
    """What a part of the spec is called."""
    return _callable_name(accept) if callable(accept) else str(accept is True)


def _callable_name(function: Any) -> str:
    """What a function is called by who wrote it: `eqx.is_array`, `<lambda> at train.py:12`."""
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__qualname__", None) or type(function).__name__
    if module.partition(".")[0] in ("eqxcore", "equinox"):
        return sanitise(f"eqx.{name}")
    code = getattr(function, "__code__", None)
    if code is not None and "<" in name:
        file = code.co_filename.rpartition("/")[2]
        return sanitise(f"{name.rpartition('.')[2]} at {file}:{code.co_firstlineno}")
    return sanitise(name)
