"""Add an optimiser's updates to a model."""

from typing import Any

import jax
from jaxtyping import PyTree


def apply_updates(model: PyTree, updates: PyTree) -> PyTree:
    """`model`, with `updates` added leaf by leaf.

    `updates` is what an optimiser returns for the gradients of `filter_grad`: a prefix of
    `model` in which `None` stands for "nothing to add here", be it one leaf or a whole subtree.
    What it stands against is kept as it is, the same object.

    Raises `ValueError` when `updates` is not a prefix of `model`, and whatever `+` raises when
    a leaf cannot be added to.
    """
    return jax.tree_util.tree_map(_add, updates, model, is_leaf=_is_none)


def _is_none(node: Any) -> bool:
    return node is None


def _add(update: Any, part: Any) -> Any:
    if update is None:
        return part
    if part is None:
        raise TypeError(
            f"`apply_updates` has an update of type {type(update).__name__} for a part of the "
            "model that is None; expected None there too. Pass the whole model, as it was when "
            "the gradients were taken, not one half of a partition of it."
        )
    return part + update
