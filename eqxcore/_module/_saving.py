"""Pickling and copying of Modules: the fields, and nothing that was worked out from them."""

import copy
import copyreg
from typing import Any

from eqxcore._pickling import find_name, load_callable

from ._remembering import Remembering, fill_in
from ._state import kept_callables, prepare_state
from ._storage import fields_of
from ._window import WRAPPER_NAMES

STATIC_FIELDS = "__static_fields__"
"""Beside the fields, a pickle holds the names of those that are static, under this key.

Loading needs the class, and does not look at it. But who looks into a file without the class (a
tool, or a person who no longer has the program) is told what was a leaf and what was not.
"""


class Saving(Remembering):
    """A `Remembering` that can be pickled and copied."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: Any) -> Any:
        # Spelled out, and not left to `object`: protocols 0 and 1 would call `__init__`, and
        # every protocol would save the slots.
        fields = _state_of(self)
        if "__qualname__" in fields and (name := find_name(self)) is not None:
            # A function that was decorated where it is defined, with `filter_jit` say.
            return load_callable, name
        cls = type(self)
        state = prepare_state(self, fields)
        # One tuple a class, which a pickle writes once.
        state[STATIC_FIELDS] = cls.__eqxcore_layout__.static  # type: ignore[attr-defined]
        return copyreg.__newobj__, (cls,), state  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, Any]) -> None:
        fields_of(self).update(state)
        fields_of(self).pop(STATIC_FIELDS, None)

    def __copy__(self) -> Any:
        copied = object.__new__(type(self))
        fields_of(copied).update(_state_of(self))
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        state = _state_of(self)
        for function in kept_callables(state):
            # `deepcopy` keeps functions, but not the objects that stand for them.
            memo[id(function)] = function
        fields = fields_of(copied)
        for name, value in state.items():
            fields[name] = copy.deepcopy(value, memo)
        return copied


def _state_of(module: Remembering) -> dict[str, Any]:
    """The fields that are there, in the order of their declaration, and then the wrapper names."""
    fill_in(module)
    fields = fields_of(module)
    declared = type(module).__dataclass_fields__  # type: ignore[attr-defined]
    return {name: fields[name] for name in (*declared, *WRAPPER_NAMES) if name in fields}
