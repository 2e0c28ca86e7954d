"""Where a Module keeps its fields, and beside them what has been worked out about them.

| slot | holds |
|---|---|
| `__dict__` | the fields, by name; read through `fields_of`, since a Module overrides it |
| `__eqxcore_flat__` | (children, statics): what flattening one level gives |
| `__eqxcore_boundary__` | (arrays, structure): what flattening all of it gives at a call |
| `__eqxcore_watched__` | the same where there are lists and dicts inside, see `_watched.py` |

The slots are caches, filled when first asked for: a Module is frozen. They hold nothing that the
fields do not hold, are neither pickled nor copied, and live as long as the Module. (What is taken
out of a list in a Module goes when the Module is next looked at.)

A Module that came out of `filter_jit` has its boundary only, until somebody looks inside: then
its flat form is worked out from it (`expand`). Nobody can tell, and a training step that hands a
model from one call to the next never builds its hundreds of nodes. A Module that was unflattened
has its flat form only: the fields are filled in from it when one is asked for, since most nodes
that JAX builds, in `jax.tree.map` say, are only flattened again.
"""

import contextlib
import operator
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from eqxcore._other_half import HasOtherHalf

FLAT = "__eqxcore_flat__"
BOUNDARY = "__eqxcore_boundary__"
WATCHED = "__eqxcore_watched__"


class Storage(HasOtherHalf):
    """The memory layout of a Module."""

    # Dunder names, so that no field of a user can have one.
    __slots__ = ("__dict__", "__eqxcore_boundary__", "__eqxcore_flat__", "__eqxcore_watched__")

    if TYPE_CHECKING:
        # Not at run time: `typing.get_type_hints` of a user's Module would show them as fields.
        __eqxcore_boundary__: tuple[tuple[Any, ...], Any]
        __eqxcore_watched__: Any
        __eqxcore_flat__: tuple[tuple[Any, ...], tuple[Any, ...]]


_dict_descriptor = Storage.__dict__["__dict__"]
Storage.__eqxcore_fields__ = _dict_descriptor  # type: ignore[attr-defined]  for generated code
_flat_descriptor = Storage.__dict__[FLAT]
_boundary_descriptor = Storage.__dict__[BOUNDARY]
_watched_descriptor = Storage.__dict__[WATCHED]

fields_of: Callable[[Any], dict[str, Any]] = _dict_descriptor.__get__
"""The dict of the fields, without looking whether it has been filled in."""

set_flat: Callable[[Any, Any], None] = _flat_descriptor.__set__
set_boundary: Callable[[Any, Any], None] = _boundary_descriptor.__set__
set_watched: Callable[[Any, Any], None] = _watched_descriptor.__set__
get_flat = operator.attrgetter(FLAT)
"""(children, statics). Falls back on `Module.__getattr__` when it is not there yet."""
get_boundary = operator.attrgetter(BOUNDARY)
"""(arrays, structure). Falls back on `Module.__getattr__` when it is not there yet."""


def held_flat(module: Storage) -> Any:
    """(children, statics) if it is there, else `None`."""
    try:
        return _flat_descriptor.__get__(module)
    except AttributeError:
        return None


def held_boundary(module: Storage) -> Any:
    """(arrays, structure) if it is there, else `None`."""
    try:
        return _boundary_descriptor.__get__(module)
    except AttributeError:
        return None


def held_watched(module: Storage) -> Any:
    """What `set_watched` put there, else `None`."""
    try:
        return _watched_descriptor.__get__(module)
    except AttributeError:
        return None


def forget(module: Storage) -> None:
    """Drops the caches: the fields may be about to change."""
    for descriptor in (_flat_descriptor, _boundary_descriptor, _watched_descriptor):
        # It need not be there.
        with contextlib.suppress(AttributeError):
            descriptor.__delete__(module)


_expanding = threading.RLock()


def expand(module: Storage) -> None:
    """Gives its flat form to a Module that has only its boundary; does nothing to any other."""
    # One thread at a time, so that all of them see the same inner objects.
    with _expanding:
        if held_flat(module) is not None:
            return
        boundary = held_boundary(module)
        if boundary is None:
            return
        arrays, structure = boundary
        flat = get_flat(structure.treedef.unflatten(arrays))
        if not structure.is_fixed:
            # A user can now reach what is mutable, so that the boundary cannot be trusted.
            _boundary_descriptor.__delete__(module)
        set_flat(module, flat)
