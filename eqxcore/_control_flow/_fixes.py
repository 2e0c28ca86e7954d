"""What to write where two leaves differ that must not."""

from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._predicates import is_array

from ._alike import is_number, is_same_structure

# One line each; who has read three knows.
_MOST_FIXES = 3


class Words(NamedTuple):
    """How to say it of a loop, or of two branches."""

    left: str
    """How to come by another pytree on the left, as in "begin with"."""
    static: str
    """What to do where something that is no array differs."""
    structure: str
    """What to do where the structures differ."""


def fixes(
    left: Any,
    right: Any,
    *,
    same_leaf: Callable[[Any, Any], bool],
    name_path: Callable[[tuple[Any, ...]], str],
    words: Words,
) -> str:
    """Lines of advice for the first few leaves in which two pytrees differ, or for all of them."""
    lefts, left_treedef = jtu.tree_flatten_with_path(left)
    rights, right_treedef = jtu.tree_flatten(right)
    if not is_same_structure(left_treedef, right_treedef):
        return f"\n  {words.structure}"
    lines = (
        f"\n  {name_path(path)}: {_fix(before, after, words)}"
        for (path, before), after in zip(lefts, rights, strict=True)
        if not same_leaf(before, after)
    )
    return "".join(islice(lines, _MOST_FIXES))


def _fix(left: Any, right: Any, words: Words) -> str:
    one = words.left
    if is_array(left) and is_array(right):
        return _array_fix(left, right, one)
    if is_number(left):
        return f"Python's numbers are static; {one} an array, `jnp.asarray({left!r})`."
    if is_number(right):
        return f"Python's numbers are static; return an array, `jnp.asarray({right!r})`."
    if is_array(left) or is_array(right):
        return "let it be an array both times, or neither."
    return words.static


def _array_fix(left: Any, right: Any, one: str) -> str:
    if left.shape != right.shape:
        return (
            f"return shape {tuple(left.shape)}, or {one} shape {tuple(right.shape)}, as in "
            f"`jnp.zeros({tuple(right.shape)})`."
        )
    name = left.dtype.name
    return f"return it with `.astype({f'jnp.{name}' if hasattr(jnp, name) else repr(name)})`."
