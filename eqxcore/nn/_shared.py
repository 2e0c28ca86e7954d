"""Parts of a model that are one."""

from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

from eqxcore._filters import combine, partition
from eqxcore._module import Module
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._trees._pretty import tree_pformat
from eqxcore._trees._tree_at import tree_at


class SharedNode:
    """Stands, as a leaf, where a node was that is a copy of another."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "SharedNode"

    def __eq__(self, other: object) -> bool:
        return type(other) is SharedNode

    def __hash__(self) -> int:
        return hash(SharedNode)


class Shared(Module):
    """A pytree in which some nodes are always what other nodes are: tied weights.

    The same array in two places of a pytree is two arrays, that training drives apart. Here it
    is held once, and put in the other places when the layer is called:

        embedding = eqx.nn.Embedding(100, 8, key=key1)
        linear = eqx.nn.Linear(8, 100, key=key2)
        shared = eqx.nn.Shared(
            (embedding, linear), where=lambda pair: pair[1].weight, get=lambda pair: pair[0].weight
        )
        embedding, linear = shared()
    """

    pytree: PyTree
    where: Callable
    get: Callable

    def __init__(self, pytree: PyTree, where: Callable, get: Callable) -> None:
        """`where(pytree)` returns a node, or a sequence of them, as for `eqx.tree_at`.

        `get(pytree)` returns what is to be there, or a sequence of as many; it may compute that,
        by transposing a weight, say.

        Raises `ValueError` unless both have the same structure, and arrays of the same shapes and
        dtypes.
        """
        source, target = _types(get, pytree), _types(where, pytree)
        if not _same(source, target):
            raise ValueError(
                f"`Shared` got nodes that differ: `get(pytree)` is\n{tree_pformat(source)}\nand "
                f"`where(pytree)`, in the place of which it is to be put, is\n"
                f"{tree_pformat(target)}\nEvery node being shared together must have the same "
                "pytree structure, shape+dtype of arrays, etc., as each other. Let `get` make the "
                "one from the other: `get=lambda pair: pair[0].weight.T`."
            )
        self.pytree = tree_at(where, pytree, replace_fn=lambda _: SharedNode())
        self.where = where
        self.get = get

    def __call__(self) -> PyTree:
        """The whole pytree, with `get(pytree)` in the place of the nodes at `where(pytree)`."""
        return tree_at(self.where, self.pytree, self.get(self.pytree))


def _types(fn: Callable, pytree: PyTree) -> PyTree:
    """What `fn(pytree)` returns, with a `jax.ShapeDtypeStruct` for each array: none is computed."""
    arrays, rest = partition(pytree, is_array)
    static: list[Any] = []

    def traced(arrays: PyTree) -> PyTree:
        traced, others = partition(fn(combine(arrays, rest)), is_array)
        static.append(others)
        return traced

    return combine(jax.eval_shape(traced, arrays), static[0])


def _same(a: PyTree, b: PyTree) -> bool:
    (leaves, treedef), (other_leaves, other_treedef) = jtu.tree_flatten(a), jtu.tree_flatten(b)
    return treedef == other_treedef and all(map(_alike, leaves, other_leaves))


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, jax.ShapeDtypeStruct) and isinstance(b, jax.ShapeDtypeStruct):
        return a.shape == b.shape and a.dtype == b.dtype
    return type(a) is type(b) and bool(a == b)
