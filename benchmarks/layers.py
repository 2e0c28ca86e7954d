"""What each layer costs beside Equinox's, forward and gradient: interleaved, ratios of medians.

    python benchmarks/layers.py [--only NAME] [--seconds S] [--peers] [--record]

CPU time of this process, which is given one core: on a machine that is busy otherwise, too, the
ratios hold. `temp` is the memory that XLA sets aside for a program, besides inputs and outputs.
`trace` is what it costs to trace the forward pass again, as for another shape. Exits with code 1 if
a result differs from Equinox's, or something takes more than 1.25 times as long.
"""

import argparse
import datetime
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


def _take_one_core() -> None:
    # Before JAX is there, which makes as many threads as it sees cores.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ.setdefault("JAX_PLATFORMS", "cpu")


_take_one_core()

import equinox  # noqa: E402
import jax  # noqa: E402
import numpy as np  # noqa: E402
from layer_workloads import WORKLOADS, Workload  # noqa: E402
from measure import RESULTS, machine  # noqa: E402

import eqxcore  # noqa: E402

_SLOWER = 1.25
"""From this ratio on, something is wrong."""

_RUN = 0.004
"""Seconds that one timing should take at least: the call is repeated until it does."""


@dataclass(frozen=True)
class Side:
    """One library's program for a workload."""

    name: str
    fn: Callable[..., Any]
    arguments: tuple[Any, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="workloads with NAME in theirs")
    parser.add_argument("--seconds", type=float, default=0.08, help="for each side of each line")
    parser.add_argument("--peers", action="store_true", help="flax.nnx, too, where it has a layer")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    workloads = [w for w in WORKLOADS if options.only.lower() in w.name.lower()]
    if not workloads:
        names = "\n  ".join(w.name for w in WORKLOADS)
        raise SystemExit(f"No workload has {options.only!r} in its name; there are:\n  {names}")
    print(f"{'':<44} {'eqxcore':>20} {'equinox':>20} {'ratio':>7}")
    good = True
    for workload in workloads:
        good &= _compare(workload, options)
    return 0 if good else 1


def _compare(workload: Workload, options: argparse.Namespace) -> bool:
    sides = [_side(workload, "eqxcore", eqxcore.nn), _side(workload, "equinox", equinox.nn)]
    if options.peers and workload.peer is not None:
        sides.append(_peer(workload))
    good = True
    lines: dict[str, list[float]] = {}
    for kind, wrapped in (("forward", _forward), ("gradient", _gradient)):
        inputs = [
            side.arguments
            if kind == "forward"
            else (_cotangent(side.fn, side.arguments), *side.arguments)
            for side in sides
        ]
        programs = [
            jax.jit(wrapped(side.fn)).lower(*given).compile()
            for side, given in zip(sides, inputs, strict=True)
        ]
        runs = [_running(p, given) for p, given in zip(programs, inputs, strict=True)]
        good &= _agree(workload, kind, runs[0](), runs[1]())
        lines[kind] = _interleaved(runs, options.seconds)
        temps = [getattr(p.memory_analysis(), "temp_size_in_bytes", 0) for p in programs]
        good &= _tell(f"{workload.name}: {kind}", sides, lines[kind], temps)
    lines["trace"] = _interleaved([_tracing(side) for side in sides], options.seconds)
    good &= _tell(f"{workload.name}: trace", sides, lines["trace"], None)
    if options.record:
        for place in range(1, len(sides)):
            _record(workload, sides, lines, place)
    return good


def _side(workload: Workload, name: str, nn: Any) -> Side:
    made = workload.make(nn)
    layer, state = made if isinstance(made, tuple) else (made, None)
    leaves, treedef = jax.tree.flatten(layer)
    places = [place for place, leaf in enumerate(leaves) if equinox.is_inexact_array(leaf)]

    def run(arrays: Any, *xs: Any) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return workload.call(jax.tree.unflatten(treedef, filled), state, *xs)

    arrays = [leaves[place] for place in places]
    return Side(name, run, (arrays, *workload.inputs()))


def _peer(workload: Workload) -> Side:
    from flax import nnx

    assert workload.peer is not None
    call: Any = workload.peer(nnx)
    return Side(
        "flax.nnx",
        lambda arrays, *xs: call(arrays, None, *xs),
        (call.arrays, *workload.inputs()),
    )


def _forward(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: jax.tree.leaves(fn(*arguments))


def _gradient(fn: Callable[..., Any]) -> Callable[..., Any]:
    def pulled_back(cotangent: Any, *arguments: Any) -> Any:
        # The state, where there is one, comes after the output, and is what it is.
        def output(*arguments: Any) -> Any:
            out, *state = jax.tree.leaves(fn(*arguments))
            return out, state

        _, pull_back, _ = jax.vjp(output, *arguments, has_aux=True)
        return jax.tree.leaves(pull_back(cotangent))

    return pulled_back


def _cotangent(fn: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """All sorts of numbers, one for each of the output: norms have no gradient along it."""
    out = jax.tree.leaves(jax.eval_shape(fn, *arguments))[0]
    return jax.random.normal(jax.random.key(2), out.shape, out.dtype)


def _running(program: Callable[..., Any], arguments: Sequence[Any]) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(program(*arguments))


def _tracing(side: Side) -> Callable[[], Any]:
    # A new function every time, which JAX has no trace of.
    return lambda: jax.make_jaxpr(lambda *arguments: side.fn(*arguments))(*side.arguments)


def _interleaved(runs: Sequence[Callable[[], Any]], seconds: float) -> list[float]:
    """Median CPU seconds of each, run in turn for so long."""
    counts = []
    for run in runs:
        run()
        counts.append(max(1, round(_RUN / max(_timed(run, 1), 1e-6))))
    taken: list[list[float]] = [[] for _ in runs]
    until = time.process_time() + seconds * len(runs)
    forwards = True
    while time.process_time() < until or len(taken[0]) < 5:
        order = range(len(runs)) if forwards else reversed(range(len(runs)))
        for place in order:
            taken[place].append(_timed(runs[place], counts[place]))
        forwards = not forwards
    return [statistics.median(times) for times in taken]


def _timed(run: Callable[[], Any], count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        run()
    return (time.process_time() - start) / count


def _agree(workload: Workload, kind: str, ours: Any, theirs: Any) -> bool:
    for a, b in zip(ours, theirs, strict=True):
        a, b = np.asarray(a, float), np.asarray(b, float)
        scale = max(float(np.abs(b).max(initial=0)), 1e-6)
        if a.shape != b.shape or np.abs(a - b).max(initial=0) > 1e-4 * scale:
            print(f"{workload.name}: {kind} differs from Equinox's")
            return False
    return True


def _tell(
    title: str, sides: Sequence[Side], seconds: Sequence[float], temps: Sequence[int] | None
) -> bool:
    figures = [
        f"{1e3 * taken:.3f} ms" + ("" if temps is None else f" {temps[i] / 1e6:.2f} MB")
        for i, taken in enumerate(seconds)
    ]
    for place in range(1, len(sides)):
        told = title if place == 1 else f"  against {sides[place].name}"
        ratio = seconds[0] / seconds[place]
        print(f"{told:<44} {figures[0]:>20} {figures[place]:>20} {ratio:>7.2f}", flush=True)
    return seconds[0] / seconds[1] < _SLOWER


def _record(
    workload: Workload, sides: Sequence[Side], lines: dict[str, list[float]], other: int
) -> None:
    def figures(place: int) -> str:
        taken = [f"{1e3 * seconds[place]:.3f}" for seconds in lines.values()]
        return f"{sides[place].name}: {', '.join(taken)} ms CPU"

    ratios = ", ".join(f"{seconds[0] / seconds[other]:.2f}" for seconds in lines.values())
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(
            f"| {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d} "
            f"| {workload.name}: {', '.join(lines)} | `python benchmarks/layers.py` | {machine()} "
            f"| {figures(0)} | {figures(other)} | {ratios} |\n"
        )


if __name__ == "__main__":
    sys.exit(main())
