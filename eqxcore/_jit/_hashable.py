"""Says which static value does not hash."""

from typing import Any

import jax.tree_util as jtu

from eqxcore._module import Module
from eqxcore._predicates import is_array


def check_hashable(pytree: Any, names: str = "") -> None:
    """Raises `ValueError` with the key path of the first static value that does not hash."""
    for path, leaf in jtu.tree_leaves_with_path(pytree, is_leaf=_has_unhashable_statics):
        if _has_unhashable_statics(leaf):
            try:
                hash(leaf.__eqxcore_flat__[1])
            except TypeError as error:
                raise _error(path, str(error)) from None
        if is_array(leaf):
            continue
        try:
            hash(leaf)
        except TypeError as error:
            raise _error(
                path,
                f"This leaf of type {type(leaf).__name__} is no array, and does not hash "
                f"({error}): {_short_repr(leaf)}. Expected an array or a hashable value, since "
                f"everything but arrays is part of what a compiled program is found by."
                f"{_advice(leaf)}",
            ) from None


def _error(path: Any, text: str) -> ValueError:
    # The path begins with [0] for the function, [1] for its arguments, [2] for its keywords.
    what = "the function"
    rest = path[1:]
    if path and getattr(path[0], "idx", None) == 1:
        what = f"argument {path[1].idx}"
        rest = path[2:]
    elif path and getattr(path[0], "idx", None) == 2:
        what = f"argument {path[1].key!r}"
        rest = path[2:]
    place = f"{jtu.keystr(rest)} of {what}" if rest else what
    return ValueError(f"Non-hashable static arguments are not supported. In {place}: {text}")


def _has_unhashable_statics(node: Any) -> bool:
    if not isinstance(node, Module):
        return False
    try:
        hash(node.__eqxcore_flat__[1])
    except TypeError:
        return True
    return False


def _short_repr(leaf: Any) -> str:
    text = repr(leaf)
    return text if len(text) <= 80 else text[:77] + "..."


def _advice(leaf: Any) -> str:
    if isinstance(leaf, set):
        return " Make it a frozenset."
    return " Give its class `__eq__` and `__hash__`, or register it as a pytree."
