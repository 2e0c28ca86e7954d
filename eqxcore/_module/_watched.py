"""The arrays and structure of a Module with lists and dicts inside, for as long as these are the
same.

To flatten such a Module anew at every call costs as much again as the call. To see whether its
lists hold the very objects that they held costs a few nanoseconds an object, and these are mostly
Modules: a dozen, for a model of hundreds of arrays.
"""

from itertools import chain
from operator import is_
from typing import Any

from eqxcore import _registry as registry

SEEN = object()
"""Stands in the slot of a Module that was flattened once."""


class Watched:
    """The boundary of a Module, and what its lists and dicts held when it was worked out."""

    __slots__ = ("_containers", "_lengths", "_objects", "boundary")

    boundary: tuple[tuple[Any, ...], registry.Structure]

    def __init__(self, module: Any) -> None:
        containers: list[Any] = []
        for container in registry.lists_and_dicts(module):
            if type(container) is list:
                containers.append(container)
            else:
                # Both show what is in the dict when they are looked at.
                containers += container.keys(), container.values()
        # All in one row, so that looking at them is a single loop in C.
        self._containers = tuple(containers)
        self._lengths = tuple(map(len, containers))
        self._objects = tuple(chain.from_iterable(containers))

    def is_unchanged(self) -> bool:
        """Whether all of them hold the same objects, in the same order."""
        return self._lengths == tuple(map(len, self._containers)) and all(
            map(is_, chain.from_iterable(self._containers), self._objects)
        )
