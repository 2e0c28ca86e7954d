"""Hears from JAX what it does for a call that is on its way.

One listener for the process, which JAX calls when it traces, lowers or compiles, and never when it
finds its program. Which call that is for is known by the thread.
"""

import threading
from types import TracebackType
from typing import Any, Literal, Protocol

import jax

Stage = Literal["trace", "lower", "compile"]

_STAGES: dict[str, Stage] = {
    "/jax/core/compile/jaxpr_trace_duration": "trace",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "lower",
    "/jax/core/compile/backend_compile_duration": "compile",
}


class Listener(Protocol):
    """Who is told about a call."""

    def lowered(self) -> None:
        """A program is about to be compiled. An error that is raised here is raised by the call."""

    def compiled(self, seconds: dict[Stage, float]) -> None:
        """A program was compiled; seconds of the stages that were gone through."""

    def ended(self) -> None:
        """The call is over, whatever became of it."""


class Heard:
    """A context around one call of a function that `jax.jit` made."""

    __slots__ = ("_depth", "_error", "_listener", "_name", "_outer", "_seconds")

    def __init__(self, name: str, listener: Listener) -> None:
        self._name = name
        self._listener = listener
        self._seconds: dict[Stage, float] = {}
        self._depth = 0
        self._error: Exception | None = None

    def __enter__(self) -> None:
        if not _has_listened:
            _listen()
        self._outer, _ear.call = _ear.call, self

    def __exit__(
        self,
        cls: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _ear.call = self._outer
        if "compile" in self._seconds:
            self._listener.compiled(self._seconds)
        self._listener.ended()
        if self._error is not None:
            # Without JAX's frames: the error is about the call, and not about them.
            raise self._error from None

    def hear(self, stage: Stage, seconds: float, name: str) -> None:
        """JAX has gone through a stage."""
        # Inside of the function being traced, it is for something else that is called there.
        if self._depth or name not in ("", self._name, f"jit({self._name})"):
            return
        if stage == "lower" and "lower" not in self._seconds:
            try:
                self._listener.lowered()
            except Exception as error:  # noqa: BLE001  it is raised when the call ends
                self._error = error
                raise _Stop from None
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def go_in(self) -> None:
        """The function is being traced from here on."""
        self._depth += 1
        _listen()

    def go_out(self) -> None:
        """It has been."""
        self._depth -= 1


class _Stop(Exception):
    """Ends JAX's way to a program that is not wanted."""


class _Ear(threading.local):
    call: Heard | None = None
    has_heard_us = False


_TEST = "/eqxcore/jit/is_anybody_listening"

_ear = _Ear()
# Reentrant: others listen, too, and may call what is jitted.
_lock = threading.RLock()
_has_listened = False


def _listen() -> None:
    """Makes sure that JAX tells us, also after `jax.monitoring.clear_event_listeners()`."""
    global _has_listened
    with _lock:
        _ear.has_heard_us = False
        jax.monitoring.record_event_duration_secs(_TEST, 0.0)
        if not _ear.has_heard_us:
            jax.monitoring.register_event_duration_secs_listener(_hear)
        _has_listened = True


def _hear(event: str, duration_secs: float, **names: Any) -> None:
    if event == _TEST:
        _ear.has_heard_us = True
        return
    call = _ear.call
    stage = _STAGES.get(event)
    if call is not None and stage is not None:
        call.hear(stage, duration_secs, str(names.get("fun_name", "")))


class _BeingTraced:
    """A context in which a function of the user's runs in order to be traced."""

    __slots__ = ()

    def __enter__(self) -> None:
        call = _ear.call
        if call is not None:
            call.go_in()

    def __exit__(self, cls: Any, error: BaseException | None, traceback: Any) -> None:
        call = _ear.call
        if call is not None:
            call.go_out()


being_traced = _BeingTraced()
"""`with being_traced:` around the call of a user's function, in the one that JAX traces."""
