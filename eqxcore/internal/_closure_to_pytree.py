"""`closure_to_pytree`: functions whose closed-over values are leaves."""

import types
from typing import Any

import jax.tree_util as jtu

from eqxcore._module import Module
from eqxcore._pytree import PyTree


class _Code:
    """A function without what it closes over.

    Equal for two functions that the same `def` made in two calls of the function around it, as
    long as their defaults are equal: one compiled program then serves both.
    """

    __slots__ = ("_fn",)

    def __init__(self, fn: types.FunctionType) -> None:
        self._fn = fn

    def with_cells(self, contents: tuple[Any, ...] | None) -> types.FunctionType:
        """The function, closing over `contents`."""
        if contents is None:
            return self._fn
        cells = tuple(
            types.CellType() if isinstance(content, _Empty) else types.CellType(content)
            for content in contents
        )
        old = self._fn
        fn = types.FunctionType(
            old.__code__, old.__globals__, old.__name__, old.__defaults__, cells
        )
        fn.__kwdefaults__ = old.__kwdefaults__
        return fn

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Code):
            return False
        a, b = self._fn, other._fn
        if a is b:
            return True
        return (
            a.__code__ == b.__code__
            and a.__globals__ is b.__globals__
            and _same(a.__defaults__, b.__defaults__)
            and _same(a.__kwdefaults__, b.__kwdefaults__)
        )

    def __hash__(self) -> int:
        return hash(self._fn.__code__)

    def __repr__(self) -> str:
        return f"<code of {self._fn.__qualname__}>"


def _same(a: Any, b: Any) -> bool:
    # Compared by identity, one by one: a default may be an array.
    if a is None or b is None:
        return a is b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(a[key] is b[key] for key in a)
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


class _Empty(Module):
    """A variable that is closed over and was not assigned yet."""


class _Closure(Module):
    """A function as a pytree: `contents` is what it closes over, `None` if that is nothing."""

    fn: _Code
    contents: tuple[Any, ...] | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn.with_cells(self.contents)(*args, **kwargs)


def closure_to_pytree(tree: PyTree) -> PyTree:
    """`tree` with every function replaced by one whose closed-over values are part of the pytree.

    It is called as before; what it closes over are its leaves, and functions among those are
    treated in the same way. Meant for libraries that return functions where we would have Modules:
    `closure_to_pytree(optax.adam(lr))` has `lr` among its leaves.

    Only local functions close over anything. A global variable is not part of the pytree, and
    neither is what a function closes over that closes over itself.
    """
    return _convert(tree, ())


def _convert(tree: PyTree, inside: tuple[types.FunctionType, ...]) -> PyTree:
    def of_leaf(leaf: Any) -> Any:
        # A function that refers to itself, to call itself: going on would never end.
        if not isinstance(leaf, types.FunctionType) or any(leaf is fn for fn in inside):
            return leaf
        if leaf.__closure__ is None:
            return _Closure(_Code(leaf), None)
        contents = tuple(_content(cell) for cell in leaf.__closure__)
        return _Closure(_Code(leaf), _convert(contents, (*inside, leaf)))

    return jtu.tree_map(of_leaf, tree)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # what Python raises for a variable that is not assigned yet
        return _Empty()
