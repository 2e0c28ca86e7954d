"""Where a Module that failed stands in the larger one that its callers have: `model.layers[2]`.

A Module does not know that. Those who called it do: their variables are looked through, from the
inside out, for Modules that hold this very one, and the outermost of them tells the path. That
takes a while, and is done only when there is an error to tell of.
"""

import inspect
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any

import jax.tree_util as jtu

from eqxcore._module import Module


def place_for_callers(module: Module) -> str | None:
    """The place of a Module that is being called right now; `None` if it is in no other one."""
    frame = inspect.currentframe()
    try:
        return _place(module, _outwards(frame))
    finally:
        # Frames hold themselves.
        del frame


def note_place(error: BaseException) -> None:
    """Adds to an error in which Module it came up, unless it says so already."""
    frames = list(_frames_of(error.__traceback__))[::-1]
    for depth, frame in enumerate(frames):
        module = frame.f_locals.get("self")
        if isinstance(module, Module) and _is_telling(frame):
            place = _place(module, frames[depth:])
            if place is not None and not _is_told(error, place):
                error.add_note(f"This came up in {place}, of class `{type(module).__qualname__}`.")
            break
    del frames


class _TellingPlace:
    """A context in which errors are told the place at which they came up."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, cls: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, Exception):
            note_place(error)


telling_place = _TellingPlace()
"""`with telling_place:` around the call of a user's function."""


def _is_told(error: BaseException, place: str) -> bool:
    return any(place in text for text in (str(error), *getattr(error, "__notes__", ())))


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _frames_of(traceback: TracebackType | None) -> Iterator[FrameType]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


def _place(module: Module, frames: Iterable[FrameType]) -> str | None:
    found = None
    # Each holder is looked through once, however many frames have it.
    holders: dict[int, tuple[Module, str | None]] = {}
    for frame in frames:
        for name, value in _modules(frame):
            if value is module:
                continue
            if id(value) not in holders:
                holders[id(value)] = (value, _path_to(module, value))
            path = holders[id(value)][1]
            if path is not None:
                found = _written(name, value, path)
                break
    return found


def _is_telling(frame: FrameType) -> bool:
    """Whether the variables of a call say something: not in JAX, and of us only in layers."""
    package, _, rest = str(frame.f_globals.get("__name__", "")).partition(".")
    return package != "jax" and (package != "eqxcore" or rest.startswith("nn."))


def _modules(frame: FrameType) -> list[tuple[str, Module]]:
    """The variables of one call that are Modules; of our layers, only themselves."""
    if not _is_telling(frame):
        return []
    is_ours = str(frame.f_globals.get("__name__", "")).startswith("eqxcore.")
    # Before Python 3.13 a frame that was asked keeps what its variables held, until it returns.
    return [
        (name, value)
        for name, value in frame.f_locals.items()
        if isinstance(value, Module) and (name == "self" or not is_ours)
    ]


def _path_to(module: Module, holder: Module) -> str | None:
    for path, node in jtu.tree_leaves_with_path(holder, is_leaf=lambda node: node is module):
        if node is module:
            return jtu.keystr(path)
    return None


def _written(name: str, holder: Any, path: str) -> str:
    if name == "self":
        return f"`{path}` of `{type(holder).__name__}`"
    return f"`{name}{path}`"
