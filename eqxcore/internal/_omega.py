"""`ω`: arithmetic on whole pytrees, leaf by leaf."""

import operator
from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np

from eqxcore._pytree import PyTree

_SCALARS = (bool, int, float, complex, jax.Array, np.ndarray, np.generic)


class _Metaω(type):
    """Makes `tree**ω` another way of writing `ω(tree)`."""

    def __rpow__(cls: Callable[[Any], "ω"], tree: PyTree) -> "ω":  # type: ignore[misc]
        return cls(tree)


class ω(metaclass=_Metaω):
    """A pytree, wrapped so that operators act on its leaves.

    `(a**ω + 2 * b**ω).ω` is `jax.tree.map(lambda x, y: x + 2 * y, a, b)`: `**ω` wraps and `.ω`
    unwraps. It binds more tightly than any other operator, so few brackets are needed.

    The other side of an operator is another `ω`, of the same structure; or a number or an array,
    which meets every leaf. Comparisons are taken leaf by leaf, too. With `is_leaf`, so is
    everything about the structure: both sides must have the same one.

    Raises `ValueError` where structures or `is_leaf` differ, `TypeError` for any other operand.
    """

    # NumPy would otherwise take an array on the left apart and meet us once per element.
    __array_ufunc__ = None
    __array_priority__ = 1000

    def __init__(self, value: PyTree, is_leaf: Callable[[Any], bool] | None = None) -> None:
        self.ω: Any = value
        self.is_leaf: Callable[[Any], bool] | None = is_leaf

    def __repr__(self) -> str:
        return f"ω({self.ω})"

    def __getitem__(self, item: Any) -> "ω":
        return self.call(lambda leaf: leaf[item])

    def __iter__(self) -> Any:
        raise TypeError("`ω` is not iterable. Take `.ω`, the pytree itself.")

    def call(self, fn: Callable[[Any], Any]) -> "ω":
        """`fn` of every leaf."""
        return ω(jtu.tree_map(fn, self.ω, is_leaf=self.is_leaf), is_leaf=self.is_leaf)

    @property
    def at(self) -> "_At":
        """As `jax.Array.at`, for all leaves: `(a**ω).at[0].set(b**ω).ω`."""
        return _At(self)

    def _map(self, fn: Callable[[Any, Any], Any], other: Any) -> Any:
        """`fn` of every leaf and what `other` has at its place; `NotImplemented` if nothing."""
        if isinstance(other, ω):
            return ω(
                _map_together(fn, self, other),
                is_leaf=self.is_leaf,
            )
        if isinstance(other, _SCALARS):
            return self.call(lambda leaf: fn(leaf, other))
        return NotImplemented

    def _map_reversed(self, fn: Callable[[Any, Any], Any], other: Any) -> Any:
        return self._map(lambda leaf, left: fn(left, leaf), other)

    def __hash__(self) -> int:
        # It has its own `__eq__`, which answers leaf by leaf.
        return object.__hash__(self)

    # Written out, for a type checker and a reader to find.

    def __add__(self, other: Any) -> "ω":
        return self._map(operator.add, other)

    def __radd__(self, other: Any) -> "ω":
        return self._map_reversed(operator.add, other)

    def __sub__(self, other: Any) -> "ω":
        return self._map(operator.sub, other)

    def __rsub__(self, other: Any) -> "ω":
        return self._map_reversed(operator.sub, other)

    def __mul__(self, other: Any) -> "ω":
        return self._map(operator.mul, other)

    def __rmul__(self, other: Any) -> "ω":
        return self._map_reversed(operator.mul, other)

    def __matmul__(self, other: Any) -> "ω":
        return self._map(operator.matmul, other)

    def __rmatmul__(self, other: Any) -> "ω":
        return self._map_reversed(operator.matmul, other)

    def __truediv__(self, other: Any) -> "ω":
        return self._map(operator.truediv, other)

    def __rtruediv__(self, other: Any) -> "ω":
        return self._map_reversed(operator.truediv, other)

    def __floordiv__(self, other: Any) -> "ω":
        return self._map(operator.floordiv, other)

    def __rfloordiv__(self, other: Any) -> "ω":
        return self._map_reversed(operator.floordiv, other)

    def __mod__(self, other: Any) -> "ω":
        return self._map(operator.mod, other)

    def __rmod__(self, other: Any) -> "ω":
        return self._map_reversed(operator.mod, other)

    def __pow__(self, other: Any) -> "ω":
        return self._map(operator.pow, other)

    def __rpow__(self, other: Any) -> "ω":
        return self._map_reversed(operator.pow, other)

    def __lshift__(self, other: Any) -> "ω":
        return self._map(operator.lshift, other)

    def __rlshift__(self, other: Any) -> "ω":
        return self._map_reversed(operator.lshift, other)

    def __rshift__(self, other: Any) -> "ω":
        return self._map(operator.rshift, other)

    def __rrshift__(self, other: Any) -> "ω":
        return self._map_reversed(operator.rshift, other)

    def __and__(self, other: Any) -> "ω":
        return self._map(operator.and_, other)

    def __rand__(self, other: Any) -> "ω":
        return self._map_reversed(operator.and_, other)

    def __xor__(self, other: Any) -> "ω":
        return self._map(operator.xor, other)

    def __rxor__(self, other: Any) -> "ω":
        return self._map_reversed(operator.xor, other)

    def __or__(self, other: Any) -> "ω":
        return self._map(operator.or_, other)

    def __ror__(self, other: Any) -> "ω":
        return self._map_reversed(operator.or_, other)

    def __lt__(self, other: Any) -> "ω":
        return self._map(operator.lt, other)

    def __le__(self, other: Any) -> "ω":
        return self._map(operator.le, other)

    def __eq__(self, other: Any) -> "ω":  # type: ignore[override]
        return self._map(operator.eq, other)

    def __ne__(self, other: Any) -> "ω":  # type: ignore[override]
        return self._map(operator.ne, other)

    def __gt__(self, other: Any) -> "ω":
        return self._map(operator.gt, other)

    def __ge__(self, other: Any) -> "ω":
        return self._map(operator.ge, other)

    def __neg__(self) -> "ω":
        return self.call(operator.neg)

    def __pos__(self) -> "ω":
        return self.call(operator.pos)

    def __abs__(self) -> "ω":
        return self.call(operator.abs)

    def __invert__(self) -> "ω":
        return self.call(operator.invert)


def _map_together(fn: Callable[[Any, Any], Any], left: ω, right: ω) -> PyTree:
    is_leaf = left.is_leaf
    if is_leaf is not right.is_leaf and is_leaf != right.is_leaf:
        raise ValueError(
            f"`is_leaf` must match: it is {left.is_leaf!r} on the left of this operator of `ω`, "
            f"and {right.is_leaf!r} on the right. Make both with the same, as in "
            "`ω(tree, is_leaf=is_leaf)`."
        )
    leaves, treedef = jtu.tree_flatten(left.ω, is_leaf=is_leaf)
    others, other_treedef = jtu.tree_flatten(right.ω, is_leaf=is_leaf)
    if treedef != other_treedef:
        raise ValueError(
            "PyTree structures must match on both sides of an operator of `ω`.\n"
            f"  left:  {treedef}\n  right: {other_treedef}"
        )
    return treedef.unflatten([fn(a, b) for a, b in zip(leaves, others, strict=True)])


class _At:
    """What `ω.at` is: waits for the index."""

    def __init__(self, wrapped: ω) -> None:
        self._wrapped = wrapped

    def __getitem__(self, item: Any) -> "_AtItem":
        return _AtItem(self._wrapped, item)


class _Update(Protocol):
    def __call__(self, other: Any, **kwargs: Any) -> ω: ...


def _update(name: str) -> Any:
    def update(self: "_AtItem", other: Any, **kwargs: Any) -> ω:
        def of_leaf(leaf: Any, value: Any) -> Any:
            return getattr(jnp.asarray(leaf).at[self._item], name)(value, **kwargs)

        updated = self._wrapped._map(of_leaf, other)
        if updated is NotImplemented:
            raise TypeError(
                f"`(...).at[...].{name}` of `ω` got {other!r}, of type {type(other).__name__}. "
                f"Expected an `ω`, as in `.{name}(tree**ω)`, or a number or array for all leaves."
            )
        return updated

    update.__name__ = name
    update.__doc__ = f"The pytree with `leaf.at[item].{name}(...)` for every leaf."
    return update


class _AtItem:
    """What `ω.at[item]` is: waits for the update. Keywords go to JAX's, as `mode=` or `pred=`."""

    def __init__(self, wrapped: ω, item: Any) -> None:
        self._wrapped = wrapped
        self._item = item

    set: _Update = _update("set")
    add: _Update = _update("add")
    multiply: _Update = _update("multiply")
    divide: _Update = _update("divide")
    power: _Update = _update("power")
    min: _Update = _update("min")
    max: _Update = _update("max")
