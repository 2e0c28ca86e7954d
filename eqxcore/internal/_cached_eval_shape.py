"""`cached_filter_eval_shape`: the shapes of a result, remembered."""

import functools
from collections.abc import Callable
from typing import Any

import jax

from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._tracing import filter_eval_shape

from ._hashable_split import StaticKey, hashable_combine, hashable_partition

# As many as JAX keeps traces of one jitted function.
_SIZE = 4096


def cached_filter_eval_shape(
    fn: Callable[..., Any], *args: PyTree[Any], **kwargs: PyTree[Any]
) -> PyTree[Any]:
    """As `filter_eval_shape`, tracing `fn` only once for the same shapes and static values.

    What does not hash is traced at every call.
    """
    leaves, static = hashable_partition((fn, args, kwargs), _has_shape)
    structs = tuple(map(_to_struct, leaves))
    key = StaticKey(static)
    try:
        hash(key)
    except TypeError:
        return _eval_shape(structs, key)
    return _cached(structs, key)


def _has_shape(leaf: Any) -> bool:
    return is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)


def _to_struct(leaf: Any) -> jax.ShapeDtypeStruct | None:
    if leaf is None:
        return None
    # Made anew of a struct as well: one that has a sharding may not hash.
    weak_type = bool(getattr(leaf, "weak_type", False))
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, weak_type=weak_type)


def _eval_shape(structs: tuple[jax.ShapeDtypeStruct | None, ...], key: StaticKey) -> PyTree[Any]:
    fn, args, kwargs = hashable_combine(structs, key.static)
    return filter_eval_shape(fn, *args, **kwargs)


_cached = functools.lru_cache(maxsize=_SIZE)(_eval_shape)


def clear_eval_shapes() -> None:
    """Forgets every shape."""
    _cached.cache_clear()
