"""What watching costs: nothing for a call that finds its program, a little for one that does not.

    python benchmarks/watch_cost.py [--record]

CPU time of the thread, watched and not watched in turn. Fails (exit code 1) if a call that finds
its program takes 5 % longer while it is watched.
"""

import argparse
import datetime
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import equinox
import jax
import jax.numpy as jnp
from measure import RESULTS, machine

import eqxcore
import eqxview
from eqxview.watching.listener import listener

_CALLS = 2000
_ROUNDS = 31
_MISSES = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    worst = 0.0
    x = jnp.ones(8)
    for name, jit in (
        ("jax.jit", jax.jit),
        ("eqxcore.filter_jit", eqxcore.filter_jit),
        ("equinox.filter_jit", equinox.filter_jit),
    ):
        watched, plain, ratio = _hit(jit(lambda x: x + 1), x)
        worst = max(worst, ratio)
        _tell(
            options.record,
            f"a hit of {name}",
            f"watched: {1e6 * watched:.2f} us CPU",
            f"not watched: {1e6 * plain:.2f} us CPU",
            ratio,
        )
    for leaves in (8, 204):
        ours, whole = _miss(leaves)
        _tell(
            options.record,
            f"a miss with {leaves} leaves",
            f"finding out why: {1e3 * ours:.2f} ms",
            f"the whole call: {1e3 * whole:.1f} ms",
            ours / whole,
        )
    return 0 if worst < 1.05 else 1


def _hit(function: Callable[[Any], Any], x: Any) -> tuple[float, float, float]:
    """Seconds for one call watched and not, and the median of the ratios of neighbours."""
    watch = eqxview.watch()
    function(x).block_until_ready()
    watched, plain = [], []
    for _ in range(_ROUNDS):
        plain.append(_calls(function, x))
        with watch:
            watched.append(_calls(function, x))
    ratios = [a / b for a, b in zip(watched, plain, strict=True)]
    return statistics.median(watched), statistics.median(plain), statistics.median(ratios)


def _calls(function: Callable[[Any], Any], x: Any) -> float:
    start = time.thread_time()
    for _ in range(_CALLS):
        function(x)
    return (time.thread_time() - start) / _CALLS


def _miss(leaves: int) -> tuple[float, float]:
    """Seconds that we take of a call that is compiled again, and that it takes in all."""
    spent = 0.0
    heard = listener._duration

    def timed(event: str, duration_secs: float, **names: Any) -> None:
        nonlocal spent
        start = time.perf_counter()
        heard(event, duration_secs, **names)
        spent += time.perf_counter() - start

    step = jax.jit(lambda model, act: act(model["w"][0]), static_argnames="act")
    model = {"w": [jnp.ones(8)] * leaves}
    listener._duration = timed
    try:
        with eqxview.watch() as watch:
            start = time.perf_counter()
            for _ in range(_MISSES):
                step(model, lambda w: w + 1)
            whole = time.perf_counter() - start
    finally:
        listener._duration = heard
    assert len(watch.misses) == _MISSES - 1
    return spent / _MISSES, whole / _MISSES


def _tell(record: bool, title: str, ours: str, other: str, ratio: float) -> None:
    print(f"{title:<32} {ours:<34} {other:<34} {ratio:.3f}")
    if record:
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(
                f"| {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d} | {title} "
                f"| `python benchmarks/watch_cost.py` | {machine()} "
                f"| {ours} | {other} | {ratio:.3f} |\n"
            )


if __name__ == "__main__":
    sys.exit(main())
