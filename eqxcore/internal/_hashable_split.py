"""A pytree as a list of leaves, and something that hashes."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax.tree_util as jtu

from eqxcore._pytree import PyTree
from eqxcore._static_key import static_key

Static: TypeAlias = tuple[tuple[Any, ...], Any]


def hashable_partition(
    pytree: PyTree, filter_fn: Callable[[Any], bool]
) -> tuple[tuple[Any, ...], Static]:
    """The leaves that `filter_fn` accepts, and all the rest, as (leaves, treedef).

    Both have an entry for every leaf, with `None` for those that the other one has. The second
    hashes if the leaves in it do. `hashable_combine` puts them together.
    """
    leaves, treedef = jtu.tree_flatten(pytree)
    accepted = [bool(filter_fn(leaf)) for leaf in leaves]
    dynamic = tuple(leaf if ok else None for leaf, ok in zip(leaves, accepted, strict=True))
    static = tuple(None if ok else leaf for leaf, ok in zip(leaves, accepted, strict=True))
    return dynamic, (static, treedef)


def hashable_combine(dynamic_leaves: Sequence[Any], static: Static) -> PyTree:
    """The pytree that `hashable_partition` took apart."""
    static_leaves, treedef = static
    return treedef.unflatten(
        [b if a is None else a for a, b in zip(dynamic_leaves, static_leaves, strict=True)]
    )


class StaticKey:
    """What `hashable_partition` found static, to be looked up: equal if one program serves both.

    As in `filter_jit`: 1, 1.0 and True are three, and NaN is equal to itself.
    """

    __slots__ = ("_hash", "_key", "static")

    def __init__(self, static: Static) -> None:
        leaves, treedef = static
        self.static = static
        self._key = treedef, tuple(map(static_key, leaves))
        self._hash: int | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StaticKey):
            return False
        return self is other or self._key == other._key

    def __hash__(self) -> int:
        # Raises `TypeError` when something in it does not hash.
        if self._hash is None:
            self._hash = hash(self._key)
        return self._hash

    def __repr__(self) -> str:
        return repr(hashable_combine(self.static[0], self.static))
