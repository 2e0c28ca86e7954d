"""`eqxview.assert_compiles`: an error where more is compiled than is allowed."""

import functools
import pickle
import re
import threading

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore
import eqxview
from eqxview.watching import frames

readable = pytest.mark.skipif(
    not frames.is_readable(), reason="this JAX's stack does not tell which function is compiled"
)


class Model(eqxcore.Module):
    weight: jax.Array

    @eqxcore.filter_jit
    def method(self, x):
        return self.weight * x

    def __call__(self, x):
        return self.weight + x


def double(x):
    return 2 * x


def x(size):
    return np.ones(size, np.float32)


def error_of(code, *function, at_most):
    """The error of the assertion around a call of `code`."""
    with pytest.raises(eqxview.TooManyCompiles) as caught:  # noqa: SIM117  the order matters
        with eqxview.assert_compiles(*function, at_most=at_most):
            code()
    return caught.value


MODEL = Model(jnp.ones(()))
JITS = {
    "jax": lambda: jax.jit(lambda x: x + 1),
    "eqxcore": lambda: eqxcore.filter_jit(lambda x: x + 1),
    "equinox": lambda: equinox.filter_jit(lambda x: x + 1),
    "method": lambda: MODEL.method,
    "model": lambda: eqxcore.filter_jit(MODEL),
    "wrapped": lambda: functools.wraps(double)(jax.jit(double)),
}


@pytest.mark.parametrize("make", JITS.values(), ids=JITS)
def test_the_programs_of_the_function_are_counted_and_no_others(make):
    function, other = make(), jax.jit(lambda x: x * 3)
    jax.clear_caches()
    with eqxview.assert_compiles(function, at_most=2) as assertion:
        for size in (2, 3, 2, 3):
            function(x(size))
            other(x(size + 7))
    assert len(assertion.compiles) == 2
    jax.clear_caches()
    error_of(lambda: [function(x(size)) for size in (2, 3)], function, at_most=1)


@readable
def test_the_message_has_a_line_for_each_program_with_its_cause_and_fix():
    @jax.jit
    def step(x):
        return 2 * x

    error = error_of(lambda: [step(x(size)) for size in (2, 3)], step, at_most=1)
    assert isinstance(error, AssertionError)
    first, *lines = str(error).splitlines()
    assert (
        re.sub(r"test_\w+.<locals>.", "", first) == "step was compiled 2 times. Expected at most 1."
    )
    assert [line.partition(" (")[0] for line in lines[:2]] == [
        "  step compiled",
        "  step compiled again",
    ]
    assert all(" s, test_assert_compiles.py:" in line for line in lines[:2])
    assert lines[1].endswith("): x has another shape: [2] → [3].")
    assert lines[2] == "      fix: pad to a few sizes, or drop the last, smaller batch"
    assert [compile.number for compile in error.compiles] == [1, 2]


@readable
def test_without_a_function_all_functions_of_the_user_are_counted_and_no_operations():
    first, second = jax.jit(lambda x: x + 1), eqxcore.filter_jit(lambda x: x + 2)
    with eqxview.assert_compiles(at_most=2):
        first(x(2))
        second(x(2))
        jnp.cumsum(jnp.ones(17))
    error = error_of(lambda: (first(x(4)), second(x(4))), at_most=1)
    assert str(error).startswith("functions were compiled 2 times. Expected at most 1.\n")


def test_nothing_may_be_compiled_after_a_warm_up():
    step = jax.jit(lambda x: x + 1)
    step(x(2))
    with eqxview.assert_compiles(step, at_most=0):
        step(x(2))
    with pytest.raises(AssertionError), eqxview.assert_compiles(step, at_most=0):
        step(x(3))


def test_what_filter_jit_had_compiled_before_is_compared_with():
    step = eqxcore.filter_jit(lambda x: x + 1)
    step(x(2))
    with pytest.raises(AssertionError) as caught, eqxview.assert_compiles(step, at_most=0):
        step(x(3))
    assert "unlike what it had been compiled for: x: f32[2] → f32[3]" in str(caught.value)


def test_what_other_threads_compile_is_counted():
    step = jax.jit(lambda x: x + 1)

    def train():
        step(x(2))

    def code():
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()

    error_of(code, step, at_most=0)


def test_assertions_in_several_threads_are_each_about_their_own_function():
    failed = []

    def work(number):
        step = jax.jit(lambda x: x + number)
        try:
            with eqxview.assert_compiles(step, at_most=number % 2):
                step(x(number + 1))
        except AssertionError:
            failed.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(failed) == [0, 2, 4]


def test_each_call_of_a_decorated_function_is_counted_by_itself():
    step = jax.jit(lambda x: x + 1)

    @eqxview.assert_compiles(step, at_most=1)
    def train(*sizes):
        for size in sizes:
            step(x(size))

    train(2)
    train(3)
    with pytest.raises(AssertionError):
        train(4, 5)


def test_the_error_of_the_code_itself_goes_first():
    step = jax.jit(lambda x: x + 1)

    def code():
        step(x(2))
        return 1 / 0

    with pytest.raises(ZeroDivisionError), eqxview.assert_compiles(step, at_most=0):
        code()


def test_a_watch_around_it_sees_the_same():
    step = jax.jit(lambda x: x + 1)
    with eqxview.watch() as watch, eqxview.assert_compiles(step, at_most=2) as assertion:
        step(x(2))
        step(x(3))
    assert len(watch.misses) == 1
    assert len(assertion.log.misses) == 1


def test_the_error_survives_pickle():
    step = jax.jit(lambda x: x + 1)
    with pytest.raises(AssertionError) as caught, eqxview.assert_compiles(step, at_most=0):
        step(x(2))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.compiles) == (str(caught.value), caught.value.compiles)


@pytest.mark.parametrize("function", [double, 3, Model.__call__, len])
def test_a_function_that_is_not_jitted_is_refused(function):
    with pytest.raises(TypeError, match="is not a jitted function"):
        eqxview.assert_compiles(function, at_most=1)


@pytest.mark.parametrize("number", [-1, None, 1.5, True])
def test_a_limit_that_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="Expected a number of compilations"):
        eqxview.assert_compiles(at_most=number)
