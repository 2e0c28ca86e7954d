"""Calls under a watch, and what it said of each."""

from collections.abc import Callable
from typing import Any

from eqxview.watching import Difference
from eqxview.watching.switch import Watch

Call = Callable[[], Any]


def differences_of(*calls: Call) -> list[list[Difference]]:
    """For each call, in order, what the watch said it differed in; empty where all was well.

    Operations that JAX compiles outside of jitted functions are left out.
    """
    watch = Watch()
    found = []
    for call in calls:
        seen = len(watch.log.compiles)
        with watch:
            call()
        log = watch.log
        assert log.failures == ()
        compiled = [c for c in log.compiles[seen:] if c.kind == "function"]
        found.append([difference for c in compiled for difference in c.differences])
    return found


def causes_of(*calls: Call) -> list[set[tuple[str, str]]]:
    """The same as pairs of path and cause."""
    return [{(d.path, d.cause) for d in found} for found in differences_of(*calls)]
