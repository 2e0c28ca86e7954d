"""What the gradient of a loop costs: ours, Equinox's, and `jax.lax.scan` as far as it goes.

    python benchmarks/loops.py [--record] [--rounds 15]

Wall time of compiled programs, in turn, and what memory XLA plans for them beyond arguments and
results. All are gradients of the same recurrent network with `tanh`, of WIDTH numbers.
"""

import argparse
import datetime
import functools
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import equinox.internal as theirs
import jax
import jax.numpy as jnp
from measure import RESULTS, machine

import eqxcore.internal as ours

_STEPS = 1024
_WIDTH = 32

# What is compared, by name: a function from a library's loops, the weights, the initial state and
# the inputs to the final state and all states.
_Program = Callable[[Any, Any, Any, Any], Any]


def _cell(weights: Any, state: Any, x: Any) -> tuple[Any, Any]:
    state = jnp.tanh(weights @ state + x)
    return state, state


def _scan(library: Any, weights: Any, state: Any, xs: Any, **arguments: Any) -> Any:
    return library.scan(functools.partial(_cell, weights), state, xs, **arguments)


def _while(library: Any, weights: Any, state: Any, xs: Any, **arguments: Any) -> Any:
    def body(carry: Any) -> Any:
        i, state, states = carry
        state, _ = _cell(weights, state, xs[i])
        return i + 1, state, states.at[i].set(state)

    init = (0, state, jnp.zeros_like(xs))
    _, state, states = library.while_loop(
        lambda c: c[0] < _STEPS, body, init, buffers=lambda c: c[2], **arguments
    )
    return state, states


_PROGRAMS: dict[str, _Program] = {
    "scan, checkpointed": functools.partial(_scan, kind="checkpointed"),
    "scan, checkpoints='all'": functools.partial(_scan, kind="checkpointed", checkpoints="all"),
    "while loop, checkpointed": functools.partial(_while, kind="checkpointed", max_steps=_STEPS),
    "while loop, 8 checkpoints": functools.partial(_while, kind="checkpointed", checkpoints=8),
    "while loop, all checkpoints": functools.partial(
        _while, kind="checkpointed", max_steps=_STEPS, checkpoints=_STEPS
    ),
    "while loop, bounded": functools.partial(_while, kind="bounded", max_steps=_STEPS),
}


class _Lax:
    """`jax.lax.scan`, called as the others are."""

    @staticmethod
    def scan(f: Any, init: Any, xs: Any, **_: Any) -> Any:
        return jax.lax.scan(f, init, xs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    key = jax.random.key(0)
    weights = jax.random.normal(key, (_WIDTH, _WIDTH)) / _WIDTH**0.5
    state, xs = jnp.zeros(_WIDTH), jax.random.normal(key, (_STEPS, _WIDTH))
    lax = _compiled(_scan, _Lax, weights, state, xs)
    for name, program in _PROGRAMS.items():
        programs = {
            "ours": _compiled(program, ours, weights, state, xs),
            "theirs": _compiled(program, theirs, weights, state, xs),
            "lax": lax,
        }
        times = _times(programs, (weights, state, xs), options.rounds)
        memory = {
            who: compiled.memory_analysis().temp_size_in_bytes / 1024
            for who, compiled in programs.items()
        }
        for who, title in (("theirs", "equinox.internal"), ("lax", "jax.lax.scan")):
            _tell(
                options.record,
                f"gradient of {_STEPS} steps: {name}",
                f"eqxcore: {times['ours']:.2f} ms, {memory['ours']:.0f} KiB",
                f"{title}: {times[who]:.2f} ms, {memory[who]:.0f} KiB",
                times["ours"] / times[who],
            )
    return 0


def _compiled(program: Any, library: Any, weights: Any, state: Any, xs: Any) -> Any:
    def loss(weights: Any, state: Any, xs: Any) -> Any:
        last, states = program(library, weights, state, xs)
        return jnp.sum(last) + jnp.sum(states**2)

    return jax.jit(jax.grad(loss)).lower(weights, state, xs).compile()


def _times(programs: dict[str, Any], arguments: Any, rounds: int) -> dict[str, float]:
    """Medians in milliseconds, of runs in turn."""
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, compiled in programs.items():
            start = time.perf_counter()
            jax.block_until_ready(compiled(*arguments))
            taken[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in taken.items()}


def _tell(record: bool, what: str, one: str, other: str, ratio: float) -> None:
    print(f"{what}: {one}; {other}; {ratio:.2f}")
    if record:
        date = datetime.date.today().isoformat()
        line = (
            f"| {date} | {what} | `python benchmarks/loops.py` | {machine()} "
            f"| {one} | {other} | {ratio:.2f} |\n"
        )
        with RESULTS.open("a") as file:
            file.write(line)


if __name__ == "__main__":
    sys.exit(main())
