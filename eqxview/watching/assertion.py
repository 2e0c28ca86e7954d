"""`assert_compiles`: an error where more was compiled than a program should need."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any

from eqxview.watching import frames
from eqxview.watching.call import Call
from eqxview.watching.jitted import Jitted
from eqxview.watching.listener import listener
from eqxview.watching.log import Compile, Log, Seconds
from eqxview.watching.recorder import CompileRecorder
from eqxview.watching.site import Site

_MOST_LINES = 20


class TooManyCompiles(AssertionError):
    """More was compiled than was allowed. The message names each compilation and its cause."""

    def __init__(self, message: str, compiles: Sequence[Compile]) -> None:
        super().__init__(message)
        self.compiles = tuple(compiles)
        """Those that were counted, in order."""

    def __reduce__(self) -> tuple[Any, ...]:
        # As test runners with several processes send it.
        return type(self), (str(self), self.compiles)


# What a test runner prints is what a user imports.
TooManyCompiles.__module__ = "eqxview"


class CompileCounter(CompileRecorder):
    """Counts what is compiled from `start()` to `stop()`, in any thread."""

    def start(self) -> None:
        """Count from now on."""
        self._calls: list[tuple[str, Call | None, Compile]] = []
        super().start()
        listener.add(self)

    def stop(self) -> None:
        """Count no more."""
        listener.remove(self)
        super().stop()

    def compiled(
        self, name: str, call: Call | None, site: Site | None, seconds: Seconds, *, from_disk: bool
    ) -> None:
        """Record and count a program that was compiled for `call`."""
        record = self.record(name, call, site, seconds, from_disk=from_disk)
        self._calls.append((name, call, record))

    def compiles(self, function: Jitted | None = None) -> tuple[Compile, ...]:
        """The compilations so far of `function`, or of all functions that users have jitted."""
        found = tuple(self._calls)
        if function is not None:
            return tuple(r for name, call, r in found if function.is_called(name, call))
        if not frames.is_readable():
            # Nobody knows which of them are operations.
            return tuple(r for _, _, r in found)
        return tuple(r for _, _, r in found if r.is_of_user)


def check_at_most(
    counter: CompileCounter, function: Any, jitted: Jitted | None, at_most: int
) -> None:
    """Raises `TooManyCompiles` when more was compiled than `at_most` times."""
    __tracebackhide__ = True  # in pytest
    compiles = counter.compiles(jitted)
    if len(compiles) > at_most:
        raise TooManyCompiles(_message(compiles, function, jitted, at_most), compiles)


class assert_compiles(ContextDecorator):
    """Raises `TooManyCompiles`, an `AssertionError`, where more is compiled than `at_most` times.

        with eqxview.assert_compiles(train_step, at_most=1):
            train(model)

    Counts the programs of `function`, or, without one, of all functions that are jitted by the
    user: not operations outside of them. In every thread. `at_most=0` is for code that has been
    run before. The message has a line for each compilation: what caused it, where, and what to do.

    Also a decorator, for a function that compiles at most so often in each call.
    An error of the code itself goes first. Raises `TypeError` for a function that is not jitted.
    """

    def __init__(self, function: Callable[..., Any] | None = None, /, *, at_most: int) -> None:
        if type(at_most) is not int or at_most < 0:
            raise ValueError(f"got at_most={at_most!r}. Expected a number of compilations, 0 or 1.")
        self._function = function
        self._jitted = None if function is None else Jitted(function)
        self._at_most = at_most
        self._counter = CompileCounter()

    def _recreate_cm(self) -> "assert_compiles":
        # For each call of a decorated function.
        return type(self)(self._function, at_most=self._at_most)

    @property
    def log(self) -> Log:
        """Everything that was compiled so far, also what is not counted."""
        return self._counter.log()

    @property
    def compiles(self) -> tuple[Compile, ...]:
        """The compilations so far that are counted."""
        return self._counter.compiles(self._jitted)

    def __enter__(self) -> "assert_compiles":
        self._counter = CompileCounter()
        self._counter.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True  # in pytest
        self._counter.stop()
        if error is None:
            check_at_most(self._counter, self._function, self._jitted, self._at_most)


def _message(
    compiles: Sequence[Compile], function: Any, jitted: Jitted | None, at_most: int
) -> str:
    subject = jitted.name if jitted is not None else "functions"
    verb = "was" if jitted is not None or len(compiles) == 1 else "were"
    if jitted is None and len(compiles) == 1:
        subject = "a function"
    times = "once" if len(compiles) == 1 else f"{len(compiles)} times"
    lines = [f"{subject} {verb} compiled {times}. Expected at most {at_most}."]
    for compile in compiles[:_MOST_LINES]:
        lines += _lines(compile)
    if len(compiles) > _MOST_LINES:
        lines.append(f"  and {len(compiles) - _MOST_LINES} more")
    if not any(compile.is_miss for compile in compiles):
        lines += _known_before(function)
    return "\n".join(lines)


def _lines(compile: Compile) -> list[str]:
    text, _, fix = str(compile).partition("  fix: ")
    return [f"  {text}", f"      fix: {fix}"] if fix else [f"  {text}"]


def _known_before(function: Any) -> Iterable[str]:
    """Why the last program of `function` was compiled, where it knows what it had before.

    What was compiled before is not in our record. A function of eqxcore's `filter_jit` keeps one.
    """
    cache: Any = getattr(function, "cache", None)
    if type(cache).__module__.partition(".")[0] != "eqxcore":
        return []
    entries: tuple[Any, ...] = tuple(cache)
    if len(entries) < 2:
        return []
    *earlier, last = entries
    found = min((last.changes_from(entry) for entry in reversed(earlier)), key=len)
    return [f"  unlike what it had been compiled for: {change}" for change in found]
