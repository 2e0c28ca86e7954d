"""Switch layers between training and inference."""

import dataclasses
from typing import Any

import jax

from eqxcore._module import Module
from eqxcore._pytree import PyTree
from eqxcore._trees._tree_at import tree_at


def inference_mode(pytree: PyTree, value: bool = True) -> PyTree:
    """`pytree`, with every `inference` attribute in it, at any depth, set to `value`.

    That is what tells `Dropout`, `BatchNorm` and the like that training is over; `False` takes
    them back. Layers of your own take part by having a field `inference: bool`.

    Raises `TypeError` where that field is static: it is then no part of the pytree.
    """
    return tree_at(_flags, pytree, replace_fn=lambda _: value, is_leaf=_is_none)


tree_inference = inference_mode
"""The old name of `inference_mode`."""


def _flags(tree: PyTree) -> list[Any]:
    found = []

    def visit(node: Any) -> bool:
        # Asked of every node on the way down, so flags below a node with a flag are found too.
        if hasattr(node, "inference"):
            _check_not_static(node)
            found.append(node.inference)
        return False

    jax.tree_util.tree_flatten(tree, is_leaf=visit)
    return found


def _check_not_static(node: Any) -> None:
    if not isinstance(node, Module):
        return
    for field in dataclasses.fields(node):
        if field.name == "inference" and field.metadata.get("static", False):
            raise TypeError(
                f"`{type(node).__name__}.inference` is a static field, which `inference_mode` "
                "cannot change; expected a leaf. Declare it as `inference: bool`, without "
                "`eqx.field(static=True)`: `eqx.filter_jit` holds it static all the same."
            )


def _is_none(node: Any) -> bool:
    return node is None
