"""`filter_shard`: the arrays of a pytree, put on devices."""

from typing import Any, TypeVar

import jax
import jax.core
import jax.tree_util as jtu

from eqxcore._predicates import is_array
from eqxcore._prefix import prefix_of
from eqxcore._pytree import PyTree
from eqxcore._shard_shape import why_not_sharded

_Tree = TypeVar("_Tree")


def filter_shard(
    x: _Tree,
    device_or_shardings: PyTree[Any],
) -> _Tree:
    """`x` with its arrays where they are told to be; whatever is no array passes through.

    `device_or_shardings` is a device or a sharding for all arrays, or a prefix pytree of `x` with
    one of them for each part; `None` leaves the arrays of that part where they are. Under
    `filter_jit` this tells the compiler where values are to be, as
    `jax.lax.with_sharding_constraint` does; outside, it moves them there.

    Raises `TypeError` for what is neither, and `ValueError`, naming the leaf, where a sharding
    does not fit a shape, or `device_or_shardings` is no prefix.
    """
    prefix = prefix_of(device_or_shardings)
    shardings = [_as_sharding(leaf) for leaf in prefix.leaves]
    subtrees = prefix.subtrees(x, name="device_or_shardings", of="filter_shard", whole="`x`")
    leaves, treedef = jtu.tree_flatten(x)
    everywhere = [
        sharding
        for sharding, subtree in zip(shardings, subtrees, strict=True)
        for _ in jtu.tree_leaves(subtree)
    ]
    places = [
        place
        for place, sharding in enumerate(everywhere)
        if sharding is not None and is_array(leaves[place])
    ]
    for place in places:
        reason = why_not_sharded(everywhere[place], leaves[place].shape)
        if reason is not None:
            path = jtu.keystr(jtu.tree_leaves_with_path(x)[place][0])
            raise ValueError(
                f"`filter_shard` cannot give `x{path}`, of shape {tuple(leaves[place].shape)}, the "
                f"sharding {everywhere[place]}: {reason} Expected a shape that it divides. Give "
                "this part another sharding, or `None`."
            )
    moved = _put([leaves[place] for place in places], [everywhere[place] for place in places])
    for place, array in zip(places, moved, strict=True):
        leaves[place] = array
    return treedef.unflatten(leaves)


def _as_sharding(leaf: Any) -> Any:
    if leaf is None or isinstance(leaf, (jax.sharding.Sharding, jax.sharding.PartitionSpec)):
        return leaf
    if isinstance(leaf, jax.Device):
        return jax.sharding.SingleDeviceSharding(leaf)
    raise TypeError(
        f"`filter_shard` got {leaf!r}, of type {type(leaf).__name__}, in `device_or_shardings`. "
        "Expected a device, as in `jax.devices()[0]`, or a sharding, as in "
        "`jax.sharding.NamedSharding(mesh, P('batch'))`."
    )


def _put(arrays: list[Any], shardings: list[Any]) -> list[Any]:
    if not arrays:
        return []
    has_specs = any(isinstance(sharding, jax.sharding.PartitionSpec) for sharding in shardings)
    if not has_specs and not _has_tracers(arrays):
        # Unlike a constraint, this moves arrays that are on other devices. Constants of a function
        # that is being traced are not moved but traced, and then it says nothing to the compiler.
        moved = jax.device_put(arrays, shardings)
        if not _has_tracers(moved):
            return moved
    return [
        jax.sharding.reshard(array, sharding)
        if _is_explicit(sharding)
        else jax.lax.with_sharding_constraint(array, sharding)
        for array, sharding in zip(arrays, shardings, strict=True)
    ]


def _has_tracers(arrays: list[Any]) -> bool:
    return any(isinstance(array, jax.core.Tracer) for array in arrays)


def _is_explicit(sharding: Any) -> bool:
    """Whether shardings on the mesh are part of the types of arrays, where JAX knows of that."""
    mesh = getattr(sharding, "mesh", None)
    kinds = getattr(mesh, "axis_types", None) or ()
    return any(str(kind).endswith("Explicit") for kind in kinds)
