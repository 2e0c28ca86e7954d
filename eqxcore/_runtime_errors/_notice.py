"""Which compiled programs contain checks: only those are waited for.

A program is looked at as it is lowered, after JAX has taken out what nobody uses. That costs a
program without checks nothing, and one whose checks all went away is not waited for either.
"""

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import jax
from jax.core import Tracer


class Checks:
    """Whether a function of `jax.jit` has programs with checks. A context manager.

    Whatever is lowered within it, in this thread, is noticed.
    """

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found = False
        """Whether a check was lowered. Once true, it stays so."""

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


class _Lowering(threading.local):
    """Whose programs this thread is lowering. Calls nest: tracing a function may run another."""

    def __init__(self) -> None:
        self.inner_last: list[Checks] = []


_lowering = _Lowering()


def notice_check() -> None:
    """Says that a check is being lowered."""
    if _lowering.inner_last:
        _lowering.inner_last[-1].found = True


def wait_for(arrays: Iterable[Any]) -> None:
    """Returns when the program that makes `arrays` is done.

    Raises `JaxRuntimeError` if it failed. Tracers are passed over: they are not made yet.
    """
    jax.block_until_ready([array for array in arrays if not isinstance(array, Tracer)])
