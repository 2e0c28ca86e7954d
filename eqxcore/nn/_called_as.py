"""What a layer is called where it fails: "`Linear` (`model.layers[2]`)"."""

from eqxcore._module import Module
from eqxcore._module_place import place_for_callers


def called_as(layer: Module) -> str:
    """The class of the layer and, where a caller has it in a larger Module, its key path there."""
    name = f"`{type(layer).__name__}`"
    place = place_for_callers(layer)
    return f"{name} ({place})" if place else name
