"""Pytrees as text: arrays by dtype and shape, functions by name, Modules by their fields."""

import functools
import types
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import wadler_lindig as wl
from jaxtyping import PyTree


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
    its type's name and dots.
    """
    return wl.pformat(
        pytree,
        width=width,
        indent=indent,
        short_arrays=short_arrays,
        custom=functools.partial(_document, short_arrays, struct_as_array, truncate_leaf),
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
    if short_arrays and isinstance(node, (np.ndarray, np.generic)):
        return _array(node, "numpy")
    if isinstance(node, (jax.custom_jvp, jax.custom_vjp)) or type(node) is _JITTED:
        inner = getattr(node, "__wrapped__", node)
        return wl.TextDoc(f"<wrapped function {getattr(inner, '__qualname__', inner)}>")
    if isinstance(node, types.BuiltinFunctionType):
        return wl.TextDoc(f"<function {node.__qualname__}>")
    return None


_JITTED = type(jax.jit(lambda: None))


def _array(array: Any, kind: str | None) -> wl.AbstractDoc:
    dtype = str(array.dtype)
    if getattr(array, "weak_type", False):
        dtype = f"weak_{dtype}"
    return wl.array_summary(tuple(array.shape), dtype, kind)
