"""Live containers of Python that JAX flattens: dicts, lists, tuples, namedtuples, `None`."""

import collections
from typing import Any

from eqxview.tree.containers import (
    dict_sight,
    list_sight,
    named_tuple_sight,
    none_sight,
    tuple_sight,
)
from eqxview.tree.live.handler import ClassNames
from eqxview.tree.live.value_repr import key_text
from eqxview.tree.walk import Sight


class ContainerHandler:
    """Exactly the built-in containers: JAX takes a subclass of one for a leaf."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names

    def recognises(self, cls: type) -> bool:
        """The classes that JAX itself registers, and namedtuples."""
        return cls in _BUILT_IN or _is_named_tuple(cls)

    def look(self, value: Any) -> Sight:
        """The container with its items as children, dicts in the order of JAX."""
        cls = type(value)
        if value is None:
            return none_sight()
        if cls is list:
            return list_sight(value)
        if cls is tuple:
            return tuple_sight(value)
        if cls is collections.OrderedDict or cls is dict or cls is collections.defaultdict:
            return dict_sight(
                list(value.items()),
                self._names[cls],
                key_text=key_text,
                ordered=cls is collections.OrderedDict,
            )
        return named_tuple_sight(value, value._fields, self._names[cls])


_BUILT_IN = frozenset(
    {type(None), list, tuple, dict, collections.OrderedDict, collections.defaultdict}
)


def _is_named_tuple(cls: type) -> bool:
    # The rule of JAX: a tuple with `_fields`.
    return issubclass(cls, tuple) and hasattr(cls, "_fields")
