"""Who called: the stack, read from a listener that JAX calls in the middle of compiling.

JAX tells a listener the name of what it compiles, nothing of the call. The call is on the
stack: the arguments of JAX's own `cache_miss(*args, **kwargs)` and the function it is of. That
frame is private to JAX (the names are the same in 0.6 to 0.10), so `is_readable` tries it out.
Frames are looked at and let go: nothing that is kept refers to one.
"""

import functools
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import jax
import numpy as np

from eqxview.watching.monitoring import Listening
from eqxview.watching.site import Site, libraries

Through = Literal["jax", "equinox", "eqxcore"]


@dataclass(slots=True)
class Dispatch:
    """A call on its way to be compiled. Refers to frames: not to be kept."""

    frame: types.FrameType
    """The outermost frame of JAX's dispatch that is not of the user's."""
    is_innermost: bool
    """False while something else is compiled on behalf of this call."""
    through: Through
    caller: types.FrameType
    """The frame of the library's function that took the call."""
    user: types.FrameType | None
    """The frame of the user's code that made the call."""
    entered: tuple[types.FrameType, ...]
    """The library's frames between the user's and the dispatch, outermost first."""

    @property
    def site(self) -> Site | None:
        """The user's line that made the call."""
        if self.user is None:
            return None
        code = self.user.f_code
        return Site(code.co_filename, self.user.f_lineno, code.co_qualname)


def find_dispatch(frame: types.FrameType | None) -> Dispatch | None:
    """The outermost dispatch between `frame` and the user's code around it, if there is one."""
    found: types.FrameType | None = None
    caller: types.FrameType | None = None
    through: Through = "jax"
    count = 0
    passed: list[types.FrameType] = []
    while frame is not None:
        code = frame.f_code
        owner = libraries.owner(code.co_filename)
        if not owner:
            if found is not None:
                break
        elif owner == "jax":
            if _is_cache_miss(code):
                count += 1
                found = frame
                if through == "jax":
                    caller = frame
                passed.clear()
        elif owner == "equinox":
            if code.co_name == "_call" and "jit_wrapper" in code.co_varnames and found is not None:
                caller, through = frame, "equinox"
        elif owner == "eqxcore" and code.co_name in ("miss", "run") and _is_dispatch(code):
            # Not through JAX's own dispatch: this frame stands for it.
            if found is None:
                count += 1
            found = caller = frame
            through = "eqxcore"
            passed.clear()
        passed.append(frame)
        frame = frame.f_back
    if found is None or caller is None:
        return None
    return Dispatch(found, count == 1, through, caller, frame, tuple(reversed(passed)))


def _is_cache_miss(code: types.CodeType) -> bool:
    # Other caches of JAX have a function of this name, too, and so has `jax.pmap`.
    return code.co_name == "cache_miss" and {"fun", "jit_info"} <= {*code.co_freevars}


def _is_dispatch(code: types.CodeType) -> bool:
    return code.co_filename.endswith("_dispatch.py")


def jaxpr_of(frame: types.FrameType | None, dispatch: Dispatch) -> Any:
    """The jaxpr that is being compiled for `dispatch`, or `None` where it is not found.

    Read from a local variable of JAX's between `frame` and the dispatch: private, and the same
    from 0.6 to 0.12. Not to be kept: it holds the constants of the program.
    """
    while frame is not None and frame is not dispatch.frame:
        if "jaxpr" in frame.f_code.co_varnames:
            jaxpr = frame.f_locals.get("jaxpr")
            if hasattr(jaxpr, "consts"):
                return jaxpr
        frame = frame.f_back
    return None


def stack_site(frame: types.FrameType | None) -> Site | None:
    """The innermost line of the user's at or around `frame`."""
    while frame is not None and libraries.owner(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return None
    return Site(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)


def functions_given(dispatch: Dispatch) -> Iterator[types.FunctionType]:
    """The user's functions among the arguments of the library function that the user called."""
    for frame in dispatch.entered:
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2]
        values = frame.f_locals
        given = [values[name] for name in names if name in values]
        flat = [x for g in given for x in _flat(g)]
        functions = [
            x
            for x in flat
            if isinstance(x, types.FunctionType) and not libraries.owner(x.__code__.co_filename)
        ]
        if functions:
            yield from dict.fromkeys(functions)
            return


def _flat(value: Any) -> tuple[Any, ...]:
    if isinstance(value, dict):
        return tuple(value.values())
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


class _Enough(Exception):
    """Ends the probe after tracing."""


@functools.cache
def is_readable() -> bool:
    """Whether the stack of this version of JAX says what we need. Traces a small function."""
    seen: list[bool] = []
    is_over: list[bool] = []

    def probe(x: Any) -> Any:
        return x

    def listen(event: str, duration_secs: float, **names: Any) -> None:
        if is_over or names.get("fun_name") != probe.__name__:
            return
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            if _is_cache_miss(frame.f_code):
                values = frame.f_locals
                seen.append(
                    values.get("fun") is probe
                    and len(values.get("args", ())) == 1
                    and values.get("kwargs") == {}
                    and hasattr(values.get("jit_info"), "static_argnames")
                )
            frame = frame.f_back
        # Compiling would make JAX choose its devices, and a script may still want to say which.
        raise _Enough

    listening = Listening(listen, lambda *_, **__: None)
    listening.start()
    try:
        jax.jit(probe)(np.zeros((), np.float32))
    except _Enough:
        pass
    finally:
        is_over.append(True)
        listening.stop()
    return any(seen)
