"""Pytrees as text: arrays by dtype and shape, functions by name, Modules by their fields."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np
import wadler_lindig as wl

from eqxcore._pytree import PyTree

from ._holes import with_holes


def _false(_: Any) -> bool:
    return False


def tree_pformat(
    pytree: PyTree,
    *,
    width: int = 80,
    indent: int = 2,
    short_arrays: bool = True,
    struct_as_array: bool = False,
    truncate_leaf: Callable[[Any], bool] = _false,
) -> str:
    """The pytree as text, at most `width` columns wide where that is possible.

    Arrays are shown as `f32[2,3]`, unless `short_arrays=False`. `struct_as_array=True` shows a
    `jax.ShapeDtypeStruct` like an array. Where `truncate_leaf(node)` is true, `node` is cut to
    its type's name and dots. In one half of a partitioned Module, a hole is shown with what
    went to the other half: `·(f32[2,3])`, `·(static: relu)`.
    """
    return wl.pformat(
        pytree,
        width=width,
        indent=indent,
        short_arrays=short_arrays,
        custom=functools.partial(_document, indent, short_arrays, struct_as_array, truncate_leaf),
    )


def tree_pprint(
    pytree: PyTree,
    *,
    width: int = 80,
    indent: int = 2,
    short_arrays: bool = True,
    struct_as_array: bool = False,
    truncate_leaf: Callable[[Any], bool] = _false,
) -> None:
    """Prints the pytree as `tree_pformat` shows it."""
    print(
        tree_pformat(
            pytree,
            width=width,
            indent=indent,
            short_arrays=short_arrays,
            struct_as_array=struct_as_array,
            truncate_leaf=truncate_leaf,
        )
    )


def _document(
    indent: int,
    short_arrays: bool,
    struct_as_array: bool,
    truncate_leaf: Callable[[Any], bool],
    node: Any,
) -> wl.AbstractDoc | None:
    """How `node` is shown, where that is otherwise than `wadler_lindig` would."""
    if truncate_leaf(node):
        return wl.TextDoc(f"{type(node).__name__}(...)")
    if isinstance(node, jax.ShapeDtypeStruct):
        return _array(node, None) if struct_as_array and short_arrays else None
    if short_arrays and isinstance(node, jax.Array):
        return _array(node, None)
    if short_arrays and isinstance(node, np.ndarray):
        return _array(node, "numpy")
    if isinstance(node, jtu.Partial):
        # Kept apart from `functools.partial`, since it is a pytree and the other is a leaf.
        inside = {"func": node.func, "args": node.args, "keywords": node.keywords}
        custom = functools.partial(_document, indent, short_arrays, struct_as_array, truncate_leaf)
        kwargs = {"indent": indent, "short_arrays": short_arrays, "custom": custom}
        return call_document("Partial", inside, kwargs)
    if isinstance(node, (jax.custom_jvp, jax.custom_vjp)):
        # It stands for the function that it was made of, which may itself be jitted.
        node = node.__wrapped__
        if type(node) is not _JITTED:
            return wl.pdoc(node)
    if type(node) is _JITTED:
        # Its own repr shows an address.
        name = getattr(node, "__qualname__", None) or getattr(node, "__name__", "?")
        return wl.TextDoc(f"<wrapped function {name}>")
    filled = with_holes(node)
    if filled is not None:
        custom = functools.partial(_document, indent, short_arrays, struct_as_array, truncate_leaf)
        return wl.pdoc(filled, indent=indent, short_arrays=short_arrays, custom=custom)
    return None


_JITTED = type(jax.jit(lambda: None))


def _array(array: Any, kind: str | None) -> wl.AbstractDoc:
    dtype = str(array.dtype)
    if getattr(array, "weak_type", False):
        dtype = f"weak_{dtype}"
    return wl.array_summary(tuple(array.shape), dtype, kind)


def call_document(name: str, arguments: dict[str, Any], kwargs: dict[str, Any]) -> wl.AbstractDoc:
    """`name(argument=value, ...)`, for a `__pdoc__` method, which gets `kwargs`."""
    return wl.bracketed(
        begin=wl.TextDoc(f"{name}("),
        docs=wl.named_objs(arguments.items(), **kwargs),
        sep=wl.comma,
        end=wl.TextDoc(")"),
        indent=kwargs["indent"],
    )
