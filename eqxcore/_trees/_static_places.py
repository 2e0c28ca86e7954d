"""The static fields of a pytree that hold a value: it is no node, and one may look for it."""

from collections.abc import Iterator
from typing import Any

import jax.tree_util as jtu

from eqxcore._pytree import PyTree

from ._mismatch import is_equal


def static_places(pytree: PyTree, value: Any) -> Iterator[str]:
    """Key paths of the static fields whose value this is, outermost first."""
    nodes: list[tuple[str, Any]] = [("", pytree)]
    while nodes:
        below: list[tuple[str, Any]] = []
        for path, node in nodes:
            pairs, treedef = jtu.tree_flatten_with_path(
                node, is_leaf=lambda inner, node=node: inner is not node
            )
            data = treedef.node_data()
            if data is None:
                continue  # a leaf, or `None`
            if hasattr(data[1], "items"):
                for name, found in data[1].items():
                    if is_equal(found, value):
                        yield f"{path}.{name}"
            below += [(f"{path}{jtu.keystr(key)}", child) for key, child in pairs]
        nodes = below
