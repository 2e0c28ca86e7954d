"""`Static`: any value as a pytree without leaves."""

from typing import Any, Generic, TypeVar

import jax.tree_util as jtu

from ._module import Module, field

_Value = TypeVar("_Value")


class Static(Module, Generic[_Value]):
    """Holds a value that no transformation sees: it has no leaves.

    The leaves of the value and its structure are kept apart, so that two equal pytrees are equal
    leaf by leaf, whatever `==` means for the containers themselves.
    """

    _leaves: list[Any] = field(static=True)
    _treedef: Any = field(static=True)

    def __init__(self, value: _Value) -> None:
        self._leaves, self._treedef = jtu.tree_flatten(value)

    @property
    def value(self) -> _Value:
        """The value."""
        return self._treedef.unflatten(self._leaves)
