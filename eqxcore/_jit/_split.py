"""A pytree, split into its arrays and a structure that holds everything else.

`structure.unflatten(arrays)` puts it together. Two structures are equal when the same program
serves both: same containers and classes, equal static fields, equal static leaves of equal types.
"""

from collections.abc import Callable
from typing import Any

import jax.tree_util as jtu

from eqxcore import _registry as registry
from eqxcore._predicates import is_array
from eqxcore._static_key import static_key


class PublicStructure:
    """The structure in terms of `jax.tree_util` alone."""

    __slots__ = ("_is_static", "_key", "statics", "treedef")

    def __init__(self, treedef: Any, is_static: tuple[bool, ...], statics: tuple[Any, ...]):
        self.treedef = treedef
        self.statics = statics
        self._is_static = is_static
        self._key = treedef, is_static, tuple(map(static_key, statics))

    def unflatten(self, arrays: Any) -> Any:
        """The pytree with these arrays."""
        from_statics, from_arrays = iter(self.statics), iter(arrays)
        return self.treedef.unflatten(
            [next(from_statics) if static else next(from_arrays) for static in self._is_static]
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicStructure) and self._key == other._key

    def __hash__(self) -> int:
        # Not the values: they may not hash, which is for the caller to find and to explain.
        treedef, is_static, keys = self._key
        return hash((treedef, is_static, tuple(cls for cls, _ in keys)))


def split_publicly(
    pytree: Any, is_dynamic: Callable[[Any], bool] = is_array
) -> tuple[list[Any], PublicStructure]:
    """The arrays of `pytree`, in order, and its structure, by `jax.tree_util` alone."""
    leaves, treedef = jtu.tree_flatten(pytree)
    is_static = tuple(not is_dynamic(leaf) for leaf in leaves)
    arrays = [leaf for leaf, static in zip(leaves, is_static, strict=True) if not static]
    statics = tuple(leaf for leaf, static in zip(leaves, is_static, strict=True) if static)
    return arrays, PublicStructure(treedef, is_static, statics)


def _split_by_registry(pytree: Any) -> tuple[list[Any], Any]:
    return registry.flatten(registry.BOUNDARY, pytree)


split: Callable[[Any], tuple[list[Any], Any]] = (
    _split_by_registry if registry.AVAILABLE else split_publicly
)
"""The arrays of `pytree`, in order, and its structure."""
