"""A watched program does what it does without: results, errors, traces, donation, pace."""

import functools
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore
import eqxview

JITS = {"jit": jax.jit, "eqxcore": eqxcore.filter_jit, "equinox": equinox.filter_jit}


def _context(is_watched: bool) -> Any:
    return eqxview.watch() if is_watched else nullcontext()


@pytest.fixture(params=list(JITS))
def jit(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return JITS[request.param]


def _train(jit: Any) -> tuple[list[int], Any]:
    """A loop that compiles again now and then; how often it was traced by then, and its result."""
    traces = 0
    counts = []

    @jit
    def step(weights: Any, x: Any, scale: Any) -> Any:
        nonlocal traces
        traces += 1
        return jax.tree.map(lambda w: w - scale * jnp.tanh(w @ x).sum() * w, weights)

    weights: Any = {"a": jnp.arange(6, dtype=jnp.float32).reshape(2, 3), "b": jnp.eye(3)}
    for size, scale in ((3, 0.1), (3, 0.1), (3, jnp.asarray(0.2)), (3, 0.1), (3, jnp.asarray(0.3))):
        weights = step(weights, jnp.ones(size), scale)
        counts.append(traces)
    return counts, weights


def test_results_and_traces_are_the_same(jit: Any):
    counts, plain = _train(jit)
    with eqxview.watch() as watch:
        watched_counts, watched = _train(jit)
    assert watched_counts == counts
    assert jax.tree.structure(watched) == jax.tree.structure(plain)
    for a, b in zip(jax.tree.leaves(watched), jax.tree.leaves(plain), strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a.weak_type, a.committed, a.sharding) == (b.weak_type, b.committed, b.sharding)
    assert sum(compile.kind == "function" for compile in watch.log.compiles) == counts[-1]


def test_a_program_compiled_under_a_watch_serves_without_and_the_other_way():
    traces = []
    step = jax.jit(lambda x: (traces.append(1), x + 1)[1])
    step(jnp.ones(2))
    with eqxview.watch():
        step(jnp.ones(2))
        step(jnp.ones(3))
    step(jnp.ones(3))
    assert len(traces) == 2


def _branch_on_a_value(jit: Any) -> Any:
    return jit(lambda x: x if x > 0 else -x)(jnp.ones(()))


def _shapes_that_do_not_fit(jit: Any) -> Any:
    return jit(lambda x: x @ jnp.ones(5))(jnp.ones(2))


def _an_error_of_the_users(jit: Any) -> Any:
    def step(x: Any) -> Any:
        return {"a": x}["b"]

    return jit(step)(jnp.ones(2))


def _too_few_arguments(jit: Any) -> Any:
    return jit(lambda x, y: x + y)(jnp.ones(2))


def _an_error_in_the_second_trace(jit: Any) -> Any:
    step = jit(lambda x: x.reshape(2, 1) * 2)
    step(jnp.ones(2))
    return step(jnp.ones(3))


def _an_operation_outside(jit: Any) -> Any:
    return jnp.ones(2) + jnp.ones(3)


def _a_static_argument_that_does_not_hash(jit: Any) -> Any:
    return jax.jit(lambda x, names: x, static_argnames="names")(jnp.ones(2), names=["a"])


def _an_array_that_was_donated(jit: Any) -> Any:
    step, x = jax.jit(lambda x: x + 1, donate_argnums=0), jnp.ones(2) + 1
    step(x)
    return step(x)


@pytest.mark.parametrize(
    "fails",
    [
        _branch_on_a_value,
        _shapes_that_do_not_fit,
        _an_error_of_the_users,
        _too_few_arguments,
        _an_error_in_the_second_trace,
        _an_operation_outside,
        _a_static_argument_that_does_not_hash,
        _an_array_that_was_donated,
    ],
    ids=lambda function: function.__name__.strip("_"),
)
def test_errors_are_the_same_to_the_last_line_of_the_traceback(fails: Any, jit: Any):
    seen = []
    for is_watched in (False, True):
        # JAX compiles an operation once, and has another way to it the second time.
        jax.clear_caches()
        with _context(is_watched), pytest.raises(Exception) as caught:  # noqa: PT011  any
            fails(jit)
        error = caught.value
        lines = [
            (frame.filename, frame.lineno, frame.name)
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        seen.append((type(error), str(error), getattr(error, "__notes__", []), lines))
    assert seen[0] == seen[1]


def test_the_warnings_are_the_same(jit: Any):
    seen = []
    for is_watched in (False, True):
        with warnings.catch_warnings(record=True) as caught, _context(is_watched):
            warnings.simplefilter("always")
            jit(lambda x: jnp.asarray(x, "float64"))(np.ones(2, np.float32))
        seen.append([(w.category, str(w.message), w.lineno) for w in caught])
    assert seen[0] == seen[1]
    assert seen[0]


def test_donated_arrays_are_gone_and_others_are_not():
    for is_watched in (False, True):
        step = jax.jit(lambda x, y: x + y, donate_argnums=0)
        x, y = jnp.ones(64) + 1, jnp.ones(64)
        pointer = x.unsafe_buffer_pointer()
        with _context(is_watched):
            out = step(x, y)
        assert x.is_deleted()
        assert not y.is_deleted()
        assert out.unsafe_buffer_pointer() == pointer


@functools.cache
def _slow() -> Callable[[], jax.Array]:
    """What starts a computation that takes a while: longer than to compile a line."""
    # Of matrices: what has one number is computed at once on a CPU.
    x = jnp.ones((600, 600), jnp.float32) / 600
    program = jax.jit(lambda x: jax.lax.fori_loop(0, 120, lambda i, y: y @ x, x))
    program(x).block_until_ready()
    return lambda: program(x)


# Equinox's own filter_jit waits for its result, watched or not.
@pytest.mark.parametrize("name", ["jit", "eqxcore"])
def test_a_call_that_is_compiled_returns_before_its_result_is_there(name: str):
    """Neither our looking at arguments that are not there yet nor at the call waits for them."""
    slow = _slow()

    def is_there_at_once() -> bool:
        step = JITS[name](lambda x: x * 2 + 1)
        result = step(slow())
        is_ready = result.is_ready()
        result.block_until_ready()
        return is_ready

    if is_there_at_once():
        pytest.skip("nothing is asynchronous here, or the machine is too busy to see it")
    with eqxview.watch() as watch:
        assert not is_there_at_once()
    assert [c.kind for c in watch.log.compiles if c.kind == "function"] == ["function"]


def test_threads_get_each_its_own_result():
    step = jax.jit(lambda x, power: x**power, static_argnames="power")
    results: dict[int, Any] = {}

    def work(power: int) -> None:
        for size in (2, 3, 4):
            results[power, size] = step(np.full(size, 2.0, np.float32), power=power)  # type: ignore[index]

    with eqxview.watch() as watch:
        threads = [threading.Thread(target=work, args=(power,)) for power in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for (power, size), result in results.items():  # type: ignore[misc]
        np.testing.assert_array_equal(result, np.full(size, 2.0**power, np.float32))
    log = watch.log
    assert log.failures == ()
    assert len([c for c in log.compiles if c.kind == "function"]) == 12


def test_a_watch_that_ends_in_an_error_lets_it_pass_and_is_off():
    watch = eqxview.watch()

    @watch
    def train() -> None:
        jax.jit(lambda x: x + 1)(jnp.ones(2))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()
    assert not watch.is_on
    assert len([c for c in watch.log.compiles if c.kind == "function"]) == 1


def test_an_on_compile_that_fails_does_not_reach_the_program():
    def fail(_: Any) -> None:
        raise LookupError("somebody else's")

    with eqxview.watch(on_compile=fail) as watch:
        assert jax.jit(lambda x: x + 1)(jnp.ones(2)).sum() == 4
    assert any("somebody else's" in failure for failure in watch.log.failures)


def test_a_module_with_an_expensive_repr_is_not_asked_for_it(jit: types.FunctionType):
    class Proud:
        def __repr__(self) -> str:
            raise AssertionError("asked")

    proud = Proud()
    with eqxview.watch() as watch:
        jit(lambda x: x + (0 if proud is None else 1))(jnp.ones(2))
    assert watch.log.failures == ()
