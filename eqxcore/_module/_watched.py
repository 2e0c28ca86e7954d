"""The arrays and structure of a Module with lists and dicts inside, for as long as these are the
same.

To flatten such a Module anew at every call costs as much again as the call. To see whether its
lists hold the very objects that they held costs a few nanoseconds an object, and these are mostly
Modules: a dozen, for a model of hundreds of arrays.
"""

from operator import is_
from typing import Any, NamedTuple

from eqxcore import _registry as registry

SEEN = object()
"""Stands in the slot of a Module that was flattened once."""


class _Content(NamedTuple):
    """A list or dict, and what was in it."""

    container: Any
    keys: tuple[Any, ...] | None
    values: tuple[Any, ...]


class Watched:
    """The boundary of a Module, and what its lists and dicts held when it was worked out."""

    __slots__ = ("_contents", "boundary")

    boundary: tuple[tuple[Any, ...], registry.Structure]

    def __init__(self, module: Any) -> None:
        self._contents = tuple(
            _Content(container, tuple(container), tuple(container.values()))
            if type(container) is dict
            else _Content(container, None, tuple(container))
            for container in registry.lists_and_dicts(module)
        )

    def is_unchanged(self) -> bool:
        """Whether all of them hold the same objects, in the same order."""
        for container, keys, values in self._contents:
            if len(container) != len(values):
                return False
            if keys is None:
                if not all(map(is_, container, values)):
                    return False
            elif not (all(map(is_, container, keys)) and all(map(is_, container.values(), values))):
                return False
        return True
