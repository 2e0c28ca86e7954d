"""`filter_jit(max_compiles=n)`: one program too many is an error, before it is compiled."""

import threading
import traceback
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx


class Model(eqx.Module):
    weight: Any
    act: Any = jnp.tanh

    @eqx.filter_jit(max_compiles=1)
    def __call__(self, x):
        return self.act(self.weight * x)


def limited(number=1):
    @eqx.filter_jit(max_compiles=number)
    def step(model, x, lr=None):
        return x if lr is None else x * lr

    return step


X = jnp.ones(2)
ONE = "`step` needs a program that is not compiled yet, and has compiled once."


def message(call):
    with pytest.raises(RuntimeError) as caught:
        call()
    return str(caught.value)


def take_away(listener):
    # JAX 0.6 has no public way to take one listener away.
    from jax._src import monitoring

    listeners = monitoring.get_event_duration_listeners()
    jax.monitoring.clear_event_listeners()
    for each in listeners:
        if each is not listener:
            jax.monitoring.register_event_duration_secs_listener(each)


def test_calls_that_find_their_program_are_not_counted():
    step = limited()
    for _ in range(5):
        step(None, X)
    assert step.cache.compiles == 1


def test_the_error_names_the_leaf_and_what_it_was_and_is():
    step = limited()
    step({"a": X, "b": jnp.tanh}, X)
    text = message(lambda: step({"a": X, "b": jnp.tanh}, jnp.ones(3)))
    assert text.startswith(ONE)
    assert "Expected at most once, as `max_compiles=1` says." in text
    assert "most like entry 0 of `step.cache`" in text
    assert [line.split() for line in text.splitlines()[1:3]] == [
        ["entry", "0", "now"],
        ["x", "f32[2]", "f32[3]"],
    ]
    assert text.splitlines()[-1] == "Each shape has a program of its own. Pad to a few shapes."


@pytest.mark.parametrize(
    ("before", "now", "place", "fix"),
    [
        ((None, X, 1.0), (None, X, 2.0), "lr", "`jnp.asarray(lr)`"),
        ((None, X), (None, X.astype(int)), "x", "Cast to one"),
        ((lambda: 0, X), (lambda: 0, X), "model", "Make it once"),
        (([X, jnp.sin], X), ([X, jnp.cos], X), "model[1]", "Make it once"),
        (([X], X), ([X, X], X), "model", "same length"),
        ((None, X), (None, X, 2.0), "lr", "same arguments"),
        ((None, X, 1.0), (None, X, jnp.float32(1)), "lr", "an array in all calls"),
        ((None, X, jnp.float32(1)), (None, X, jnp.asarray(1.0)), "lr", "dtype"),
        ((object(), X), (object(), X), "model", "`__eq__`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_error_says_what_to_do(before, now, place, fix):
    step = limited()
    step(*before)
    with jax.numpy_dtype_promotion("standard"):
        text = message(lambda: step(*now))
    table = text.splitlines()
    assert any(line.split()[0] == place for line in table[1:]), text
    assert fix in table[-1] or "jax_numpy_dtype_promotion" in text


def test_the_nearest_program_is_compared_with():
    step = limited(2)
    step({"a": X, "b": 1}, X)
    step({"a": X, "b": 2}, jnp.ones(4))
    text = message(lambda: step({"a": X, "b": 2}, jnp.ones(5)))
    assert "has compiled 2 times. Expected at most 2 times" in text
    assert "entry 1" in text
    assert "model['b']" not in text


def test_nothing_is_compiled_and_the_function_can_still_be_called():
    step, compiled = limited(), []

    def listen(event, seconds, **names):
        if event.endswith("backend_compile_duration") and "step" in names.get("fun_name", ""):
            compiled.append(names)

    step(None, X)
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        for _ in range(2):
            message(lambda: step(None, jnp.ones(3)))
        assert compiled == []
    finally:
        take_away(listen)
    assert step(None, X).shape == (2,)
    assert len(step.cache) == 1


def test_the_error_is_raised_at_the_call_without_the_frames_of_jax():
    step = limited(0)
    with pytest.raises(RuntimeError) as caught:
        step(None, X)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not any("jax/_src" in file for file in files)
    assert files[0] == __file__


def test_a_placement_counts_though_nothing_is_traced():
    step = limited()
    step(None, X)
    text = message(lambda: step(None, jax.device_put(X, jax.devices()[0])))
    assert "f32[2] on cpu:0" in text
    assert "device_put" in text.splitlines()[-1]


def test_a_setting_of_jax_is_named():
    step = limited()
    step(None, X)
    with jax.default_matmul_precision("highest"):
        text = message(lambda: step(None, X))
    assert "<config>.jax_default_matmul_precision" in text
    assert text.splitlines()[-1] == "Set it once, at the start of the program."


def test_a_cleared_cache_of_jax_is_guessed():
    step = limited()
    step(None, X)
    jax.clear_caches()
    assert "Nothing in this call differs from entry 0" in message(lambda: step(None, X))


def test_a_cleared_cache_counts_anew():
    step = limited()
    step(None, X)
    step.cache.clear()
    step(None, jnp.ones(3))
    assert step.cache.compiles == step.cache.max_compiles == 1


def test_methods_are_limited_for_all_instances():
    model = Model(X)
    model(X)
    assert Model(2 * X)(X).shape == (2,)
    text = message(lambda: Model(X, jnp.sin)(X))
    assert text.startswith("`__call__` needs a program that is not compiled yet")
    assert "self.act" in text


def test_each_wrapper_has_a_count_of_its_own():
    def f(x):
        return x

    first, second = (eqx.filter_jit(f, max_compiles=1) for _ in range(2))
    first(X)
    second(X)  # finds the program of the first
    second(jnp.ones(3))
    message(lambda: first(jnp.ones(4)))


def test_traces_for_other_programs_are_not_limited():
    step = limited(0)
    jax.eval_shape(lambda x: step(None, x), X)
    assert eqx.filter_jit(lambda x: step(None, x))(X).shape == (2,)
    assert jax.make_jaxpr(lambda x: step(None, x))(X) is not None


def test_the_limit_is_kept_by_threads_together():
    step, gate = limited(2), threading.Barrier(6)
    failed = []

    def call(size):
        gate.wait()
        try:
            step(None, jnp.ones(size))
        except RuntimeError as error:
            failed.append(error)

    threads = [threading.Thread(target=call, args=(size,)) for size in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 4
    assert step.cache.compiles == 2


def test_a_failed_compilation_is_not_counted():
    step = eqx.filter_jit(lambda x: x, max_compiles=1)
    with pytest.raises(ValueError, match="hash"):
        step({1, 2})
    step(X)
    assert step.cache.compiles == 1


@pytest.mark.parametrize("number", [-1, 1.0, True, "2"])
def test_a_limit_that_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="Expected a number of compilations"):
        eqx.filter_jit(max_compiles=number)


@pytest.mark.parametrize("transform", [jax.vmap, jax.grad], ids=["vmap", "grad"])
def test_a_program_for_a_transformation_outside_of_jit_counts(transform):
    @eqx.filter_jit(max_compiles=1)
    def total(x):
        return jnp.sum(x**2)

    total(jnp.ones((2, 2)))
    text = message(lambda: transform(total)(jnp.ones((3, 3))))
    assert text.startswith("`total` needs a program that is not compiled yet")
    # Nothing is left behind in JAX.
    assert jax.jit(transform(lambda x: jnp.sum(x * 3)))(jnp.ones((4, 4))).size
    assert total(jnp.ones((2, 2))) == 4
