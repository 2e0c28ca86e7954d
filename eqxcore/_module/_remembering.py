"""What a Module remembers about itself, and how it is worked out when it is first asked for."""

from typing import Any

from eqxcore import _registry as registry

from ._storage import (
    BOUNDARY,
    FLAT,
    Storage,
    expand,
    fields_of,
    forget,
    held_flat,
    held_watched,
    set_boundary,
    set_watched,
)
from ._watched import SEEN, Watched
from ._window import open_windows


class Remembering(Storage):
    """A `Storage` whose slots are filled when they are read, and whose fields when one is read."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        # Called when there is no such attribute; and the slots count as none until they are set.
        if name == FLAT:
            expand(self)
            return held_flat(self) or type(self).__eqxcore_layout__.pack(self)  # type: ignore[attr-defined]
        if name == BOUNDARY:
            return remember_boundary(self)
        if name in type(self).__eqxcore_layout__.names:  # type: ignore[attr-defined]
            fill_in(self)
            fields = fields_of(self)
            if name in fields:
                return fields[name]
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
        )

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        fill_in(self)
        # Whoever has the dict may write into it, though nobody should.
        forget(self)
        return fields_of(self)


def fill_in(module: Storage) -> None:
    """Fills in the fields of a Module that was unflattened, or came out of `filter_jit`."""
    flat = held_flat(module)
    if flat is None:
        expand(module)
        flat = held_flat(module)
    if flat is not None:
        type(module).__eqxcore_layout__.fill(fields_of(module), *flat)  # type: ignore[attr-defined]


def remember_boundary(module: Storage) -> tuple[tuple[Any, ...], registry.Structure]:
    """(arrays, structure) of the whole Module, for one node at the boundary of `filter_jit`.

    It is kept on the Module if nothing inside can change. If there are lists and dicts inside, it
    is kept together with what is in them, and holds as long as that is the same.
    """
    watched = held_watched(module)
    if type(watched) is Watched and watched.is_unchanged():
        return watched.boundary
    # Only from the second call on: many a Module is made for one call. And before the arrays are
    # looked for, so that what another thread changes meanwhile shows afterwards.
    watched = None if watched is None else Watched(module)
    arrays, treedef = registry.flatten(registry.INNER, module)
    structure = registry.structure_of(treedef)
    boundary = tuple(arrays), structure
    if id(module) in open_windows:
        # It is still being constructed.
        return boundary
    if structure.is_fixed:
        set_boundary(module, boundary)
    elif structure.is_watchable:
        if watched is not None and watched.is_unchanged():
            watched.boundary = boundary
            set_watched(module, watched)
        else:
            set_watched(module, SEEN)
    return boundary
