"""Which compiled programs contain checks: only those are waited for.

A program is looked at as it is lowered, after JAX has taken out what nobody uses. That costs a
program without checks nothing, and one whose checks all went away is not waited for either.
"""

import collections
import logging
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import jax
from jax.core import Tracer

from ._exceptions import EquinoxRuntimeError

_logger = logging.getLogger("eqxcore")


class Checks:
    """Whether a function of `jax.jit` has programs with checks, and which of them failed.

    A context manager: whatever is lowered within it, in this thread, is noticed.
    """

    __slots__ = ("_failed", "found")

    def __init__(self) -> None:
        self.found = False
        """Whether a check was lowered. Once true, it stays so."""
        self._failed: collections.deque[str] = collections.deque()

    def __enter__(self) -> "Checks":
        _lowering.inner_last.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _lowering.inner_last.pop()

    def note_failure(self, text: str) -> None:
        """Says that a check failed where it could not raise: `wait_for` does it."""
        self._failed.append(text)

    def wait_for(self, arrays: Iterable[Any]) -> None:
        """Returns when the program that makes `arrays` is done.

        Raises what it raised, and `EquinoxRuntimeError` if it noted a failure. Tracers are passed
        over: they are not made yet.
        """
        jax.block_until_ready([array for array in arrays if not isinstance(array, Tracer)])
        if self._failed:
            # Each device notes the same.
            text = self._failed[0]
            self._failed.clear()
            raise EquinoxRuntimeError(text)


class _Unwatched:
    """Stands for `Checks` where nobody waits, under `jax.jit`."""

    def note_failure(self, text: str) -> None:
        """Logs it: there is nowhere to raise it."""
        _logger.error("%s", text)


class _Lowering(threading.local):
    """Whose programs this thread is lowering. Calls nest: tracing a function may run another."""

    def __init__(self) -> None:
        self.inner_last: list[Checks] = []


_lowering = _Lowering()
_unwatched = _Unwatched()


def notice_check() -> Checks | _Unwatched:
    """Says that a check is being lowered. Gives whom to tell if it fails."""
    if not _lowering.inner_last:
        return _unwatched
    checks = _lowering.inner_last[-1]
    checks.found = True
    return checks
