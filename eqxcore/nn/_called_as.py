"""What a layer is called where it fails: "`Linear` (`model.layers[2]`)"."""

import inspect
from types import FrameType
from typing import Any

import jax.tree_util as jtu

from eqxcore._module import Module


def called_as(layer: Module) -> str:
    """The class of the layer and, where a caller has it in a larger Module, its key path there.

    A layer does not know where it stands. Those who called it do: their variables are looked
    through, from the inside out, for Modules that hold this very layer, and the outermost one
    tells the path. That takes a while, and happens only when an error is about to be raised.
    """
    name = f"`{type(layer).__name__}`"
    place = _place(layer)
    return f"{name} ({place})" if place else name


def _place(layer: Module) -> str | None:
    found = None
    # Each holder is looked through once, however many frames have it.
    holders: dict[int, tuple[Module, str | None]] = {}
    frame = inspect.currentframe()
    try:
        while frame is not None:
            for name, value in _modules(frame):
                if value is layer:
                    continue
                if id(value) not in holders:
                    holders[id(value)] = (value, _path_to(layer, value))
                path = holders[id(value)][1]
                if path is not None:
                    found = _written(name, value, path)
                    break
            frame = frame.f_back
    finally:
        # Frames hold themselves.
        del frame
    return found


def _modules(frame: FrameType) -> list[tuple[str, Module]]:
    """The variables of one call that are Modules; of our layers, only themselves."""
    owner = str(frame.f_globals.get("__name__", ""))
    package, _, rest = owner.partition(".")
    if package in ("jax", "eqxcore") and not rest.startswith("nn."):
        return []
    # Before Python 3.13 a frame that was asked keeps what its variables held, until it returns.
    return [
        (name, value)
        for name, value in frame.f_locals.items()
        if isinstance(value, Module) and (package != "eqxcore" or name == "self")
    ]


def _path_to(layer: Module, holder: Module) -> str | None:
    for path, node in jtu.tree_leaves_with_path(holder, is_leaf=lambda node: node is layer):
        if node is layer:
            return jtu.keystr(path)
    return None


def _written(name: str, holder: Any, path: str) -> str:
    if name == "self":
        return f"`{path}` of `{type(holder).__name__}`"
    return f"`{name}{path}`"
