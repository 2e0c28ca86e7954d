"""Live Modules, of eqxcore and of Equinox: fields that are children, and static ones."""

import dataclasses
import sys
from typing import Any

from eqxview.tree.key_path import attribute_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.live.handler import ClassNames
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child, Sight, Standing


class ModuleHandler:
    """Modules of the libraries that are imported already."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names
        self._fields: dict[type, tuple[tuple[str, str, Standing], ...]] = {}

    def recognises(self, cls: type) -> bool:
        """Subclasses of `eqxcore.Module` and of `equinox.Module`."""
        return any(
            issubclass(cls, library.Module)
            for name in ("eqxcore", "equinox")
            if (library := sys.modules.get(name)) is not None and hasattr(library, "Module")
        )

    def look(self, value: Any) -> Sight:
        """The fields in the order of their declaration; one never assigned is left out."""
        cls = type(value)
        fields = self._fields.get(cls)
        if fields is None:
            fields = self._fields[cls] = tuple(
                (
                    field.name,
                    attribute_entry(sanitise(field.name)),
                    Standing.STATIC if field.metadata.get("static", False) else Standing.CHILD,
                )
                for field in dataclasses.fields(cls)
            )
        # What the instance holds itself, as both libraries flatten it: a class attribute that
        # stands in for a field is no child.
        held = vars(value)
        return Sight(
            Kind.MODULE,
            self._names[cls],
            is_leaf=False,
            children=[
                Child(entry, held[name], standing)
                for name, entry, standing in fields
                if name in held
            ],
            hashing=Hashing.UNKNOWN,
        )
