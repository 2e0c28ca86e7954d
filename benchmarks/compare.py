"""eqxcore beside Equinox, flax.nnx and JAX itself: calls, construction, trees and traces.

    python benchmarks/compare.py [--only calls,classes,trees,traces] [--seconds N] [--json FILE]
                                 [--record]

Interleaved in one process, CPU time of the calling thread, medians: see `interleaved.py`. Times
are of the host, on CPU: the programs do next to nothing, so that what a library adds shows. Each
row gives the time of every contender, and its ratio to JAX (or Python) alone, which is the limit.
Equinox and Flax are left out, with a word, where they are not installed.
"""

import argparse
import datetime
import importlib.util
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from contenders import (
    PlainLayer,
    arrays_of,
    nnx_stack,
    nnx_transformer,
    stack_of_layers,
    transformer,
    transformer_by_hand,
)
from interleaved import Contender, medians
from measure import RESULTS, machine

import eqxcore

OURS, LIMIT = "eqxcore", "alone"
SIZES = {"6 arrays": 3, "198 arrays": 99}
DEPTH = 24


class Row(NamedTuple):
    """One thing to do, and who does it. `LIMIT`, if there is one, is JAX or Python alone."""

    what: str
    contenders: dict[str, Contender]
    patience: float = 1.0
    """How much longer than others it may take."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--seconds", type=float, default=1.5, help="for each row, about")
    parser.add_argument("--json", type=Path, help="write the medians, in seconds, to this file")
    parser.add_argument("--record", action="store_true", help="add a line each to RESULTS.md")
    options = parser.parse_args()
    unknown = set(options.only.split(",")) - SECTIONS.keys()
    if unknown:
        parser.error(f"--only has {', '.join(sorted(unknown))}; expected {', '.join(SECTIONS)}")

    start = time.perf_counter()
    libraries = {OURS: eqxcore}
    if _is_there("equinox"):
        import equinox

        libraries["equinox"] = equinox
    has_flax = _is_there("flax")
    print(f"{machine()}, JAX {jax.__version__}; CPU time, medians, ratio to JAX or Python alone\n")
    results: dict[str, dict[str, float]] = {}
    for section in options.only.split(","):
        for row in SECTIONS[section](libraries, has_flax):
            seconds = medians(row.contenders, budget=options.seconds * row.patience)
            results[row.what] = seconds
            _show(row.what, seconds)
            if options.record:
                _record(row.what, seconds)
    print(f"\n{time.perf_counter() - start:.0f} s")
    if options.json:
        document = {"machine": machine(), "jax": jax.__version__, "seconds": results}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _is_there(name: str) -> bool:
    if importlib.util.find_spec(name) is not None:
        return True
    print(f"{name} is left out, since it is not installed: `pip install {name}`", file=sys.stderr)
    return False


# Rows.


def _calls(libraries: dict[str, Any], has_flax: bool) -> Iterator[Row]:
    x = jnp.zeros(4)
    for size, count in SIZES.items():
        models = {name: stack_of_layers(library) for name, library in libraries.items()}
        built = {name: classes.build(count) for name, classes in models.items()}
        arrays = arrays_of(built[OURS])

        forward = {LIMIT: _call(jax.jit(_forward), arrays, x)}
        for name, library in libraries.items():
            forward[name] = _call(library.filter_jit(_forward), built[name], x)
        if has_flax:
            from flax import nnx

            def of_state(model: Any, x: Any) -> Any:
                return _forward(nnx.state(model), x)

            model = nnx_stack(count)
            forward["nnx"] = _call(nnx.jit(of_state), model, x)
            forward["nnx, no graph"] = _call(nnx.jit(of_state, graph=False), model, x)
        yield Row(f"jit: model, x -> x; {size}", forward)

        listed = {LIMIT: _call(jax.jit(_forward), arrays, x)}
        for name, library in libraries.items():
            model = models[name].build(count, list)
            listed[name] = _call(library.filter_jit(_forward), model, x)
        yield Row(f"the same, lists in the model; {size}", listed)

        changed = {LIMIT: _fed_back(jax.jit(_shrunk), arrays)}
        for name, library in libraries.items():
            changed[name] = _fed_back(library.filter_jit(_shrunk), built[name])
        yield Row(f"jit: model -> model; {size}", changed)

        step = {LIMIT: _steps(jax.jit(_adam), arrays)}
        for name, library in libraries.items():
            step[name] = _steps(library.filter_jit(_adam), built[name])
        yield Row(f"jit: step of Adam; {size}", step)


def _classes(libraries: dict[str, Any], has_flax: bool) -> Iterator[Row]:
    x = jnp.zeros(4)
    models = {name: stack_of_layers(library) for name, library in libraries.items()}
    plain = PlainLayer(x, x, 4, 4, True)
    layers = {name: c.Layer(x, x, None, 4, 4, True) for name, c in models.items()}
    yield Row(
        "construct, generated __init__",
        {
            LIMIT: lambda: PlainLayer(x, x, 4, 4, True),
            **{n: lambda c=c.Layer: c(x, x, None, 4, 4, True) for n, c in models.items()},
        },
    )
    yield Row(
        "construct, own __init__",
        {
            LIMIT: lambda: PlainLayer(x, x, 4, 4, True),
            **{n: lambda c=c.Written: c(x, x) for n, c in models.items()},
        },
    )
    yield Row(
        "read a field",
        {LIMIT: lambda: plain.weight, **{n: lambda o=o: o.weight for n, o in layers.items()}},
    )
    yield Row(
        "call a method",
        {LIMIT: lambda: plain.method(x), **{n: lambda o=o: o.method(x) for n, o in layers.items()}},
    )


def _trees(libraries: dict[str, Any], has_flax: bool) -> Iterator[Row]:
    flatten, tree_map = jax.tree_util.tree_flatten, jax.tree_util.tree_map
    for size, count in SIZES.items():
        built = {n: stack_of_layers(library).build(count) for n, library in libraries.items()}
        arrays = arrays_of(built[OURS])
        leaves = jax.tree_util.tree_leaves(built[OURS])
        yield Row(
            f"flatten; {size}",
            {LIMIT: _call(flatten, leaves), **{n: _call(flatten, m) for n, m in built.items()}},
        )
        yield Row(
            f"tree_map; {size}",
            {
                LIMIT: _call(tree_map, _same, leaves),
                **{n: _call(tree_map, _same, m) for n, m in built.items()},
            },
        )
        yield Row(
            f"partition by is_array; {size}",
            {n: _call(lib.partition, built[n], lib.is_array) for n, lib in libraries.items()},
        )
        yield Row(
            f"partition by is_inexact_array; {size}",
            {
                n: _call(lib.partition, built[n], lib.is_inexact_array)
                for n, lib in libraries.items()
            },
        )
        halves = {n: lib.partition(built[n], lib.is_array) for n, lib in libraries.items()}
        yield Row(
            f"combine; {size}",
            {n: _call(lib.combine, *halves[n]) for n, lib in libraries.items()},
        )
        yield Row(
            f"tree_at, one array; {size}",
            {n: _call(lib.tree_at, _weight, built[n], arrays[0]) for n, lib in libraries.items()},
        )


def _traces(libraries: dict[str, Any], has_flax: bool) -> Iterator[Row]:
    key = jax.random.key(0)
    batch = jnp.zeros((8, 4))
    layers = {name: library.nn.Linear(4, 4, key=key) for name, library in libraries.items()}
    weight, bias = layers[OURS].weight, layers[OURS].bias
    yield Row(
        "trace: vmap(Linear), five times",
        {
            LIMIT: _trace(_five(lambda x: x @ weight.T + bias), batch),
            **{n: _trace(_five(jax.vmap(layer)), batch) for n, layer in layers.items()},
        },
        2.0,
    )
    size = f"transformer of {DEPTH} blocks"
    batch = jnp.zeros((2, 8, 16))
    parameters, by_hand = transformer_by_hand(DEPTH)
    models = {name: transformer(library, DEPTH) for name, library in libraries.items()}
    forward = {LIMIT: _trace(by_hand, parameters, batch)}
    gradient = {LIMIT: _trace(jax.grad(_loss(by_hand)), parameters, batch)}
    for name, library in libraries.items():
        forward[name] = _trace_jit(library, _apply, models[name], batch)
        of_arrays = library.filter_grad(_loss(_apply))
        gradient[name] = _trace_jit(library, of_arrays, models[name], batch)
    if has_flax:
        from flax import nnx

        graph, state = nnx.split(nnx_transformer(DEPTH))

        def apply_nnx(state: Any, x: Any) -> Any:
            return nnx.merge(graph, state)(x)

        forward["nnx"] = _trace(apply_nnx, state, batch)
        gradient["nnx"] = _trace(jax.grad(_loss(apply_nnx)), state, batch)
    yield Row(f"trace: {size}", forward, 4.0)
    yield Row(f"trace: gradient of a {size}", gradient, 8.0)


SECTIONS: dict[str, Callable[[dict[str, Any], bool], Iterator[Row]]] = {
    "calls": _calls,
    "classes": _classes,
    "trees": _trees,
    "traces": _traces,
}

# What is called.


def _forward(model: Any, x: Any) -> Any:
    for array in arrays_of(model):
        x = x + array
    return x


def _shrunk(model: Any) -> Any:
    return jax.tree.map(lambda a: a * 0.9 if isinstance(a, jax.Array) else a, model)


def _adam(model: Any, state: Any, batch: dict[str, Any]) -> Any:
    def over(fn: Callable[..., Any], *trees: Any) -> Any:
        return jax.tree.map(lambda a, *b: fn(a, *b) if isinstance(a, jax.Array) else a, *trees)

    mean, variance, count = state
    gradient = batch["x"]
    mean = over(lambda u: 0.9 * u + 0.1 * gradient, mean)
    variance = over(lambda u: 0.99 * u + 0.01 * gradient * gradient, variance)
    model = over(
        lambda p, u, v: p - 1e-3 * u / (jnp.sqrt(v) + 1e-8),
        model,
        mean,
        variance,
    )
    return model, (mean, variance, count + 1), gradient.sum()


def _same(leaf: Any) -> Any:
    return leaf


def _weight(model: Any) -> Any:
    return model.blocks[0].layers[1].weight


def _apply(model: Any, x: Any) -> Any:
    return model(x)


def _loss(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda parameters, x: jnp.square(fn(parameters, x)).sum()


def _five(fn: Callable[..., Any]) -> Callable[..., Any]:
    def five(x: Any) -> Any:
        for _ in range(5):
            x = fn(x)
        return x

    return five


# How it is called.


def _call(fn: Callable[..., Any], *args: Any) -> Contender:
    return lambda: fn(*args)


def _fed_back(fn: Callable[..., Any], value: Any) -> Contender:
    def run() -> None:
        nonlocal value
        value = fn(value)

    return run


def _steps(fn: Callable[..., Any], model: Any) -> Contender:
    state = model, (model, model, jnp.zeros((), jnp.int32))
    batch = {"x": jnp.zeros(4)}

    def run() -> None:
        nonlocal state
        *state, _ = fn(*state, batch)

    return run


def _trace(fn: Callable[..., Any], *args: Any) -> Contender:
    # A new function each time, since JAX remembers what it traced.
    return lambda: jax.make_jaxpr(lambda *args: fn(*args))(*args)


def _trace_jit(library: Any, fn: Callable[..., Any], model: Any, x: Any) -> Contender:
    arrays, rest = library.partition(model, library.is_array)
    return _trace(lambda arrays, x: fn(library.combine(arrays, rest), x), arrays, x)


# What is told.


def _show(what: str, seconds: dict[str, float]) -> None:
    limit = seconds.get(LIMIT)
    cells = [
        f"{name} {_duration(value)}"
        + (f" ({value / limit:.2f}x)" if limit is not None and name != LIMIT else "")
        for name, value in seconds.items()
    ]
    if limit is None and len(seconds) == 2:
        ours, other = seconds.values()
        cells.append(f"{other / ours:.1f}x faster")
    print(f"{what:<42} " + "   ".join(f"{cell:<26}" for cell in cells).rstrip(), flush=True)


def _duration(seconds: float) -> str:
    for unit, scale in (("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 10:
            return f"{seconds * scale:.1f} {unit}"
    return f"{seconds * 1e6:.2f} us"


def _record(what: str, seconds: dict[str, float]) -> None:
    command = shlex.join(["python", "benchmarks/compare.py", *sys.argv[1:]])
    with RESULTS.open("a", encoding="utf-8") as file:
        for name, value in seconds.items():
            if name == OURS:
                continue
            other = "JAX or Python alone" if name == LIMIT else name
            file.write(
                f"| {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d} | {what} | `{command}` "
                f"| {machine()} | eqxcore: {_duration(seconds[OURS])} CPU "
                f"| {other}: {_duration(value)} CPU | {seconds[OURS] / value:.3f} |\n"
            )


if __name__ == "__main__":
    jax.config.update("jax_platforms", "cpu")
    main()
