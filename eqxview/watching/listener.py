"""Hears from JAX about everything that it compiles, and tells the recorders that are on.

One listener for the process, there only while somebody watches. A call that finds its program
never comes here: watching costs it nothing.
"""

import sys
import threading
import types
from dataclasses import replace
from typing import Any, Protocol

from eqxview.watching import frames
from eqxview.watching.call import Call, call_of, function_of
from eqxview.watching.closed_over import closed_over
from eqxview.watching.constant import Constant
from eqxview.watching.log import Seconds
from eqxview.watching.monitoring import Listening
from eqxview.watching.site import Site

_STAGES = {
    "/jax/core/compile/jaxpr_trace_duration": "trace",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "lower",
    "/jax/core/compile/backend_compile_duration": "compile",
}
_FROM_DISK = "/jax/compilation_cache/cache_hits"
_KEPT = 64
# A trace that takes longer is one: JAX says that it traces also where it has found the trace.
_SHORT = 0.02


class Recorder(Protocol):
    """Who is told."""

    def compiled(
        self, name: str, call: Call | None, site: Site | None, seconds: Seconds, *, from_disk: bool
    ) -> None:
        """A program was compiled for `call`; `None` where that is not known."""

    def traced(self, call: Call, address: int) -> None:
        """JAX looked for a program of `call`, and has found one unless more is heard of it.

        `address` tells the calls of one thread apart that are not complete.
        """

    def lowered(self, address: int) -> None:
        """It has found none: the call is lowered."""

    def failed(self, error: Exception) -> None:
        """A call could not be looked at."""


class _Ear(threading.local):
    """What a thread has heard so far of compilations that are not complete."""

    def __init__(self) -> None:
        self.seconds: dict[int, dict[str, float]] = {}
        self.from_disk = False
        self.collected: dict[str, float] | None = None


class _Listener:
    def __init__(self) -> None:
        self._recorders: tuple[Recorder, ...] = ()
        self._ear = _Ear()
        self._lock = threading.Lock()
        self._can_read = False
        # By name, for a benchmark puts another in place of `_duration`.
        self._listening = Listening(
            lambda *args, **names: self._duration(*args, **names),
            lambda *args, **names: self._event(*args, **names),
        )

    def add(self, recorder: Recorder) -> None:
        with self._lock:
            if not self._recorders:
                # Tried before anybody listens: trying it makes JAX tell its listeners.
                self._can_read = frames.is_readable()
                self._listening.start()
            self._recorders = (*self._recorders, recorder)

    def remove(self, recorder: Recorder) -> None:
        with self._lock:
            self._recorders = tuple(r for r in self._recorders if r is not recorder)
            if not self._recorders:
                self._listening.stop()

    def collect_in(self, seconds: dict[str, float] | None) -> dict[str, float] | None:
        """Add up in `seconds`, by stage, what this thread hears; returns where it went before.

        `None` tells the recorders, as ever.
        """
        before, self._ear.collected = self._ear.collected, seconds
        return before

    def _event(self, event: str, **_: Any) -> None:
        if event == _FROM_DISK and self._recorders:
            self._ear.from_disk = True

    def _duration(self, event: str, duration_secs: float, **names: Any) -> None:
        stage = _STAGES.get(event)
        if stage is None or not self._recorders:
            return
        try:
            self._heard(stage, duration_secs, str(names.get("fun_name", "")), sys._getframe(1))
        except Exception as error:  # noqa: BLE001  a user's program must not end because of us
            for recorder in self._recorders:
                recorder.failed(error)

    def _heard(self, stage: str, seconds: float, name: str, frame: types.FrameType | None) -> None:
        ear = self._ear
        dispatch = frames.find_dispatch(frame) if self._can_read else None
        if dispatch is None:
            if ear.collected is not None:
                ear.collected[stage] = ear.collected.get(stage, 0.0) + seconds
            elif stage == "compile":
                self._tell(name, None, frames.stack_site(frame), Seconds(compile=seconds))
            return
        # By its address: a frame that is kept keeps alive all that is in it.
        address = id(dispatch.frame)
        if stage == "trace" and dispatch.is_innermost:
            ear.seconds[address] = {}
            while len(ear.seconds) > _KEPT:
                del ear.seconds[next(iter(ear.seconds))]
            if seconds < _SHORT and dispatch.through == "jax":
                call = call_of(dispatch)
                for recorder in self._recorders:
                    recorder.traced(call, address)
        elif dispatch.is_innermost:
            for recorder in self._recorders:
                recorder.lowered(address)
        spent = ear.seconds.setdefault(address, {})
        if stage != "trace" or dispatch.is_innermost:
            spent[stage] = spent.get(stage, 0.0) + seconds
        if stage == "compile" and dispatch.is_innermost:
            del ear.seconds[address]
            call = call_of(dispatch)
            if not call.is_operation:
                call = replace(call, constants=self._constants(frame, dispatch))
            self._tell(name, call, dispatch.site, Seconds(**spent))

    def _constants(
        self, frame: types.FrameType | None, dispatch: frames.Dispatch
    ) -> tuple[Constant, ...]:
        try:
            return closed_over(function_of(dispatch), frames.jaxpr_of(frame, dispatch))
        except Exception as error:  # noqa: BLE001  why it was compiled is still to be told
            for recorder in self._recorders:
                recorder.failed(error)
            return ()

    def _tell(self, name: str, call: Call | None, site: Site | None, seconds: Seconds) -> None:
        from_disk, self._ear.from_disk = self._ear.from_disk, False
        for recorder in self._recorders:
            recorder.compiled(name, call, site, seconds, from_disk=from_disk)


listener = _Listener()
