"""The result of a function that is mapped by `jax.pmap`, on its way out."""

from typing import Any

import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._predicates import is_array

from ._axes import ResolvedAxis

# NumPy has no arrays of more axes, and a list without arrays costs next to nothing.
_MOST_AXES = 64


class MappedOutput:
    """Arrays by their axes, and the rest.

    JAX wants to know the axes of all outputs before it traces the function, and we know them
    afterwards. So there is a place for each axis that an array may get, and most stay empty.
    """

    __slots__ = ("by_axis", "rest", "unmapped")

    def __init__(self, by_axis: Any, unmapped: Any, rest: Any) -> None:
        self.by_axis = by_axis
        self.unmapped = unmapped
        self.rest = rest

    @staticmethod
    def out_axes() -> "MappedOutput":
        """What `jax.pmap` is told for `out_axes`."""
        return MappedOutput(list(range(_MOST_AXES)), None, None)

    @staticmethod
    def of(treedef: Any, leaves: list[Any], axes: list[ResolvedAxis]) -> "MappedOutput":
        """The output that consists of these leaves. Numbers that have an axis become arrays."""
        by_axis: list[list[Any]] = [[] for _ in range(_MOST_AXES)]
        unmapped: list[Any] = []
        rest: list[Any] = []
        for leaf, axis in zip(leaves, axes, strict=True):
            if axis is None and not is_array(leaf):
                rest.append(_Held(leaf))
                continue
            # Of the array with its new axis, from which negative ones count.
            place = _UNMAPPED if axis is None else axis % (jnp.ndim(leaf) + 1)
            (unmapped if axis is None else by_axis[place]).append(jnp.asarray(leaf))
            rest.append(place)
        return MappedOutput(by_axis, unmapped, _Rest(treedef, rest))

    @property
    def arrays(self) -> list[Any]:
        """All arrays."""
        return jtu.tree_leaves((self.by_axis, self.unmapped))

    def unflatten(self) -> Any:
        """The result, put together."""
        sources = dict(enumerate(map(iter, self.by_axis)))
        sources[_UNMAPPED] = iter(self.unmapped)
        return self.rest.treedef.unflatten(
            [
                item.value if isinstance(item, _Held) else next(sources[item])
                for item in self.rest.items
            ]
        )


_UNMAPPED = -1


class _Held:
    """Something that is no array."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _Rest:
    """A node without leaves: the structure, and for each leaf its place or what it is."""

    __slots__ = ("items", "treedef")

    def __init__(self, treedef: Any, items: list[Any]) -> None:
        self.treedef = treedef
        self.items = items


jtu.register_pytree_node(
    MappedOutput,
    lambda output: ((output.by_axis, output.unmapped, output.rest), None),
    lambda _, children: MappedOutput(*children),
)
jtu.register_pytree_node(_Rest, lambda rest: ((), rest), lambda rest, _: rest)
