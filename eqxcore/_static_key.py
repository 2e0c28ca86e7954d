"""What static values are compared by, to tell whether a program that was compiled for one is right
for another."""

import functools
from typing import Any

import jax.tree_util as jtu

from ._predicates import is_array


def static_key(value: Any) -> Any:
    """Something equal for two static values exactly when one program serves both.

    Mostly that is the value itself, with its type: 1, 1.0 and True are three. NaN equals itself
    here, 0.0 does not equal -0.0, and a `functools.partial` equals another one of the same
    function and arguments, as it is when it comes back from a pickle.
    """
    cls = type(value)
    if cls is float or cls is complex:
        return cls, number_key(value)
    if cls is functools.partial:
        return cls, PartialKey(value)
    return cls, value


def number_key(value: Any) -> Any:
    """The number, or its repr where `==` does not tell: NaN, and the two zeros."""
    return value if value == value and value else repr(value)


class PartialKey:
    """Compares a `functools.partial` by what is in it, as long as no array is."""

    __slots__ = ("_key", "partial")

    def __init__(self, partial: functools.partial) -> None:
        self.partial = partial
        self._key: Any = None

    def key(self) -> Any:
        """What is in the partial; the partial itself, compared by identity, if arrays are."""
        if self._key is None:
            partial = self.partial
            leaves, treedef = jtu.tree_flatten((partial.args, partial.keywords))
            if any(map(is_array, leaves)):
                self._key = partial
            else:
                self._key = static_key(partial.func), treedef, tuple(map(static_key, leaves))
        return self._key

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PartialKey):
            return False
        return self.partial is other.partial or self.key() == other.key()

    def __hash__(self) -> int:
        # Raises `TypeError` when something in it does not hash.
        return hash(self.key())
