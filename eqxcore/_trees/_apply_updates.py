"""Add an optimiser's updates to a model."""

from typing import Any

import jax

from eqxcore._pytree import PyTree

from ._mismatch import mismatch_table


def apply_updates(model: PyTree, updates: PyTree) -> PyTree:
    """`model`, with `updates` added leaf by leaf.

    `updates` is what an optimiser returns for the gradients of `filter_grad`: a prefix of
    `model` in which `None` stands for "nothing to add here", be it one leaf or a whole subtree.
    What it stands against is kept as it is, the same object.

    Raises `ValueError` when `updates` is not a prefix of `model`, and whatever `+` raises when
    a leaf cannot be added to.
    """
    leaves, treedef = jax.tree_util.tree_flatten(updates, is_leaf=_is_none)
    try:
        parts = treedef.flatten_up_to(model)
    except ValueError as error:
        raise _no_prefix(updates, model, error) from None
    return treedef.unflatten([_add(*pair) for pair in zip(leaves, parts, strict=True)])


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


def _no_prefix(updates: PyTree, model: PyTree, error: ValueError) -> ValueError:
    table = mismatch_table(("updates", "model"), updates, model, is_prefix=True, is_leaf=_is_none)
    return ValueError(
        "`apply_updates` got updates of another structure than the model:\n"
        f"{table or error}\n"
        "Expected the updates for this very model. Make the optimiser's state anew when the model "
        "was changed: `optimiser.init(eqx.filter(model, eqx.is_inexact_array))`."
    )
