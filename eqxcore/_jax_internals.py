"""The private names of JAX and jaxlib that eqxcore uses: all of them, and only here.

None of them is needed. Each is probed when this module is imported, and what is missing is
`None` (or `HAVE_...` is false); the callers then take a slower way through JAX's public
interface. Set the environment variable `EQXCORE_PUBLIC_JAX=1` to take it always.
"""

import os
from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

_FORBIDDEN = os.environ.get("EQXCORE_PUBLIC_JAX", "") not in ("", "0")


def _probe(find: Callable[[], Any]) -> Any:
    """What `find` returns, or `None` where this JAX does not have it."""
    if _FORBIDDEN:
        return None
    try:
        return find()
    except (ImportError, AttributeError, TypeError):
        return None


def _find_array_type() -> type:
    from jax._src.array import ArrayImpl

    return ArrayImpl


def _find_registry_type() -> type:
    from jax._src.lib import pytree

    registry = pytree.PyTreeRegistry(
        enable_none=True,
        enable_tuple=True,
        enable_namedtuple=True,
        enable_list=True,
        enable_dict=True,
    )
    # Tried here so that a registry that behaves otherwise is found out at import.
    leaves, treedef = registry.flatten((1, [2, None], {"a": 3}))
    if leaves != [1, 2, 3] or treedef.unflatten(leaves) != (1, [2, None], {"a": 3}):
        raise TypeError("the registry does not flatten as JAX does")
    if treedef.node_data()[0] is not tuple or len(treedef.children()) != 3:
        raise TypeError("the treedef cannot be walked")
    return pytree.PyTreeRegistry


def _find_registered_nodes() -> dict[type, Any]:
    from jax._src import tree_util

    nodes = tree_util._registry
    nodes[list].to_iter, nodes[list].from_iter  # noqa: B018  the shape that we rely on
    return nodes


def _find_none_leaf_flatten() -> Callable[..., Any]:
    from jax._src import tree_util

    leaves, _ = tree_util.none_leaf_registry.flatten([None, 1])
    if leaves != [None, 1]:
        raise TypeError("None is not a leaf")
    return tree_util.none_leaf_registry.flatten


def _find_key_array() -> tuple[type, Callable[..., Any], Callable[..., Any]]:
    from jax._src import tree_util
    from jax._src.random.prng import (
        PRNGKeyArray,
        prngkeyarray_flatten,
        prngkeyarray_unflatten,
    )

    # It must be JAX's way of dispatching keys, too: not a node for users, one for dispatch.
    if tree_util.default_registry.is_node(PRNGKeyArray):
        raise TypeError("key arrays are pytree nodes")
    return PRNGKeyArray, prngkeyarray_flatten, prngkeyarray_unflatten


ArrayImpl: type | None = _probe(_find_array_type)
"""The exact type of a concrete `jax.Array`."""

PyTreeRegistry: Any = _probe(_find_registry_type)
"""jaxlib's registry of pytree nodes: a new one can be made, with nodes of our own."""

registered_nodes: dict[type, Any] | None = _probe(_find_registered_nodes)
"""What is registered with `jax.tree_util`: class to (`to_iter`, `from_iter`). Live."""

key_array: Any = _probe(_find_key_array)
"""The class of typed PRNG keys, with the functions that take one apart and put it together."""

_none_leaf_flatten: Any = _probe(_find_none_leaf_flatten)


def flatten_none_as_leaf(pytree: Any) -> tuple[list[Any], Any]:
    """The leaves and treedef of `pytree`, with every `None` a leaf."""
    if _none_leaf_flatten is not None:
        return _none_leaf_flatten(pytree)
    return jtu.tree_flatten(pytree, is_leaf=lambda node: node is None)


def is_registered(cls: type) -> bool:
    """Whether instances of `cls` are nodes for `jax.tree_util`."""
    if registered_nodes is not None:
        return cls in registered_nodes
    try:
        instance = object.__new__(cls)
    except TypeError:
        return False
    try:
        return not jax.tree_util.all_leaves([instance])
    except Exception:  # noqa: BLE001  an empty instance may be anything but flattenable: a node
        return True
