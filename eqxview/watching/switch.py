"""`watch`: see what JAX compiles, and why it compiles again."""

import weakref
from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any

from eqxview.watching import frames
from eqxview.watching.listener import listener
from eqxview.watching.log import Compile, Log
from eqxview.watching.recorder import CompileRecorder
from eqxview.watching.wrapped import wrapped


class Watch(ContextDecorator):
    """Records what is compiled between `start()` and `stop()`, or inside of `with`.

    Can be started again, and then goes on: what was compiled before is known.
    """

    def __init__(self, on_compile: Callable[[Compile], None] | None = None) -> None:
        self._recorder = CompileRecorder(on_compile)
        self._is_on = False

    @property
    def is_on(self) -> bool:
        """Whether it is recording."""
        return self._is_on

    def start(self) -> "Watch":
        """Record from now on. Does nothing where it is on already."""
        if not self._is_on:
            self._is_on = True
            _started.append(weakref.ref(self))
            self._recorder.start()
            listener.add(self._recorder)
        return self

    def stop(self) -> Log:
        """Stop recording, and return what was recorded. Does nothing more where it is off."""
        if self._is_on:
            listener.remove(self._recorder)
            self._recorder.stop()
            self._is_on = False
        return self.log

    @property
    def log(self) -> Log:
        """What was recorded so far."""
        return self._recorder.log()

    @property
    def misses(self) -> tuple[Compile, ...]:
        """The compilations so far of functions that had been compiled before."""
        return self.log.misses

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A jitted function to call in place of `function`, whose calls are then explained.

        Only needed where `log.is_explained` is false: everywhere else it is `function` itself.
        """
        return function if frames.is_readable() else wrapped(function, self._recorder)

    def __enter__(self) -> "Watch":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        log = self.log
        return "\n".join(
            [
                f"<Watch, {'on' if self._is_on else 'off'}: {len(log.compiles)} compiled, "
                f"{len(log.misses)} of them again>",
                *(f"  {miss}" for miss in log.misses),
                *(f"  {stale}" for stale in log.stale),
            ]
        )


# Those started, the latest last. Not kept alive: one that nobody has any more is forgotten.
_started: list[weakref.ref[Watch]] = []


def latest_watch() -> Watch | None:
    """The watch that is on; else the one that was on last; `None` where nobody watched.

    Of several that are on, the one started last.
    """
    alive = [watch for reference in _started if (watch := reference()) is not None]
    _started[:] = map(weakref.ref, dict.fromkeys(alive))
    return max(reversed(alive), key=lambda watch: watch.is_on, default=None)


def watch(*, on_compile: Callable[[Compile], None] | None = None) -> Watch:
    """A watch over `jax.jit`, `eqxcore.filter_jit` and `equinox.filter_jit`, all at once.

    Use it around the code in question, as a decorator, or by `start()` and `stop()`:

        with eqxview.watch() as watch:
            train(model)
        print(watch.log.misses[0])

    Calls that find their program cost nothing more than without. `on_compile` is called after
    each compilation, in the thread that compiled, with its `Compile`.
    """
    return Watch(on_compile)
