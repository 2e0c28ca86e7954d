"""Whether a new value of a piece of state may take the place of the old one."""

from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._pytree import PyTree
from eqxcore._trees._pretty import tree_pformat

from ._marker import told


def as_arrays(value: PyTree, marker: object) -> PyTree:
    """`value`, with JAX arrays for its leaves.

    Raises `TypeError` for a leaf that cannot be one.
    """
    leaves, treedef = jtu.tree_flatten_with_path(value)
    arrays = []
    for path, leaf in leaves:
        if not isinstance(leaf, jax.Array):
            try:
                leaf = jnp.asarray(leaf)
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"The state of {told(marker)} got {leaf!r}, of type {type(leaf).__name__}"
                    f"{_at(path)}; expected arrays and numbers only, since state goes through "
                    "`jax.jit`. Keep what does not change in a field of the layer."
                ) from error
        arrays.append(leaf)
    return treedef.unflatten(arrays)


def check_fit(old: PyTree, new: PyTree, marker: object) -> None:
    """Raises `ValueError` unless both have one structure, and arrays of the same types."""
    old_leaves, old_treedef = jtu.tree_flatten(old)
    new_leaves, new_treedef = jtu.tree_flatten(new)
    if old_treedef == new_treedef and all(map(_alike, old_leaves, new_leaves)):
        return
    message = (
        f"The state of {told(marker)} cannot be changed to another kind of value. Old and new "
        "values have different structures/shapes/dtypes. The old value is "
        f"{tree_pformat(old, width=1_000)} and the new value is {tree_pformat(new, width=1_000)}. "
    )
    if old_treedef != new_treedef:
        raise ValueError(message + "Expected the same structure, with an array for each of its.")
    paths = [path for path, _ in jtu.tree_flatten_with_path(old)[0]]
    path, before, after = next(
        (path, a, b)
        for path, a, b in zip(paths, old_leaves, new_leaves, strict=True)
        if not _alike(a, b)
    )
    if before.shape != after.shape:
        advice = (
            "A step must leave the shapes as they are, or the next one would be compiled anew. If "
            f"this is a batch of values{_at(path)}, reduce it first: "
            '`jax.lax.pmean(value, "batch")`.'
        )
    elif before.dtype != after.dtype:
        advice = f"Convert it{_at(path)}: `value.astype({_dtype_code(before.dtype)})`."
    else:
        weak = "the first value" if before.weak_type else "the new value"
        advice = (
            f"Only {weak}{_at(path)} is weakly typed, as Python numbers are. Give both a dtype: "
            f"`jnp.asarray(value, {_dtype_code(before.dtype)})`, in `StateIndex(...)` too."
        )
    raise ValueError(message + advice)


def _alike(a: Any, b: Any) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and _weak(a) == _weak(b)


def _weak(array: Any) -> bool:
    # An array of keys does not have the attribute.
    return getattr(array, "weak_type", False)


def _dtype_code(dtype: Any) -> str:
    return f'"{dtype}"' if jnp.issubdtype(dtype, jax.dtypes.extended) else f"jnp.{dtype}"


def _at(path: tuple[Any, ...]) -> str:
    return f" at {jtu.keystr(path)}" if path else ""
