"""What stands in the holes that a filter left, for the eyes of whoever prints a half."""

from typing import Any

import jax.tree_util as jtu
import wadler_lindig as wl

from eqxcore._other_half import HasOtherHalf, other_of
from eqxcore._predicates import is_array


class Hole:
    """Stands in a text for a `None` that a filter left."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def __pdoc__(self, **kwargs: Any) -> wl.AbstractDoc:
        """`·(f32[3])` for an array, `·(static: relu)` for anything else."""
        name = getattr(self._content, "__name__", None)
        if is_array(self._content):
            inside = wl.pdoc(self._content, **kwargs)
        elif callable(self._content) and isinstance(name, str):
            inside = wl.TextDoc(f"static: {name}")
        else:
            inside = wl.TextDoc("static: ") + wl.pdoc(self._content, **kwargs)
        return wl.TextDoc("·(") + inside + wl.TextDoc(")")


def with_holes(module: Any) -> Any:
    """`module` with a `Hole` for each `None` of which it is known what a filter took away there.

    `None` if nothing is known. It is made to be printed, and nothing else.
    """
    other = other_of(module) if isinstance(module, HasOtherHalf) else None
    if other is None:
        return None
    # A class that prints itself expects its own values.
    leaves, treedef = jtu.tree_flatten(
        module, is_leaf=lambda node: node is None or _prints_itself(node)
    )
    try:
        contents = treedef.flatten_up_to(other)
    except ValueError:
        # Somebody has gone around the freezing, and changed one of them since.
        return None
    return treedef.unflatten(
        [
            Hole(content) if leaf is None and content is not None else leaf
            for leaf, content in zip(leaves, contents, strict=True)
        ]
    )


def _prints_itself(node: Any) -> bool:
    return hasattr(type(node), "__pdoc__")
