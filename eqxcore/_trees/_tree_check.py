"""Whether a pytree is a tree: no node in it twice, and none inside of itself."""

from typing import Any

import jax.tree_util as jtu

from eqxcore._pytree import PyTree


def tree_flatten_one_level(pytree: PyTree) -> tuple[list[PyTree], Any]:
    """The children of the pytree, and a treedef with one leaf for each of them.

    A leaf is its own only child; `None` has none. Raises `ValueError` when the pytree is a child
    of itself.
    """
    is_child = False

    def is_leaf(node: Any) -> bool:
        nonlocal is_child
        if node is pytree and is_child:
            raise ValueError(
                f"A {type(pytree).__name__} contains itself: {_short(pytree)}. Expected a tree, "
                f"since every transformation walks through all of it and would not end. Take the "
                f"node out of itself."
            )
        was_child, is_child = is_child, True
        return was_child

    if jtu.all_leaves([pytree]):
        return [pytree], jtu.tree_structure(0)
    return jtu.tree_flatten(pytree, is_leaf=is_leaf)


def tree_check(pytree: PyTree) -> None:
    """Returns if no node with leaves is in the pytree twice, or inside of itself.

    A pytree is taken for a tree everywhere: what is shared in it is copied by every
    transformation, and two copies of one layer are trained apart. Leaves may be shared, an array
    say, and so may nodes without leaves. Raises `ValueError` otherwise, with both key paths.
    """
    _check(pytree, (), {}, {})


def _check(
    node: PyTree, path: tuple[Any, ...], seen: dict[int, Any], above: dict[int, Any]
) -> bool:
    """Checks one subtree; whether it has leaves."""
    if jtu.all_leaves([node]):
        return True
    identity = id(node)
    if identity in above:
        raise ValueError(
            f"The {type(node).__name__} at {_place(above[identity])} contains itself, at "
            f"{_place(path)}. Expected a tree: take the node out of itself."
        )
    if identity in seen:
        raise ValueError(
            f"The same {type(node).__name__} is at {_place(seen[identity])} and at "
            f"{_place(path)}. Expected every node once, since transformations copy them apart. "
            f"Keep it in one place and refer to it from the other, with `eqx.nn.Shared` say, or "
            f"store a copy: `copy.deepcopy(node)`."
        )
    above[identity] = path
    has_leaves = False
    entered = False

    def is_leaf(_: Any) -> bool:
        nonlocal entered
        was_entered, entered = entered, True
        return was_entered

    for key, child in jtu.tree_leaves_with_path(node, is_leaf=is_leaf):
        has_leaves |= _check(child, (*path, *key), seen, above)
    del above[identity]
    if has_leaves:
        seen[identity] = path
    return has_leaves


def _place(path: tuple[Any, ...]) -> str:
    return jtu.keystr(path) or "the root"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
