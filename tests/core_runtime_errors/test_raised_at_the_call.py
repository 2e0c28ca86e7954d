"""How a failed check comes out of `filter_jit`, and what a program without checks pays: nothing."""

import threading
import time
import traceback

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore import _jax_internals as internals


def _check(x):
    return eqx.error_if(x, x < 0, "must not be negative")


@eqx.filter_jit
def _checked(x):
    return {"result": _check(x), "name": "text"}


def test_the_call_raises_again_and_again_and_still_works():
    for _ in range(3):
        assert _checked(jnp.array(1.0))["result"] == 1
        assert _checked(jnp.array(1.0))["name"] == "text"
        with pytest.raises(eqx.EquinoxRuntimeError, match=r"^must not be negative\n"):
            _checked(jnp.array(-1.0))


def test_the_error_has_no_cause_and_says_nothing_of_xla():
    with pytest.raises(eqx.EquinoxRuntimeError) as info:
        _checked(jnp.array(-1.0))
    assert info.value.__cause__ is None
    assert info.value.__suppress_context__
    text = "".join(traceback.format_exception(info.value))
    for noise in ("jax/_src", "XlaRuntimeError", "CpuCallback", "pure_callback", "jaxlib"):
        assert noise not in text


def test_the_error_shows_the_stack_inside_of_the_compiled_function():
    with pytest.raises(eqx.EquinoxRuntimeError) as info:
        _checked(jnp.array(-1.0))
    text = str(info.value)
    assert "Above is the stack outside of JIT." in text
    stack = text.split("was traced:\n")[1].split("\n\n")[0].splitlines()
    assert [line.strip() for line in stack if not line.startswith("  File")] == [
        'return {"result": _check(x), "name": "text"}',
        'return eqx.error_if(x, x < 0, "must not be negative")',
    ]
    # And nothing of the test runner, which is on the other stack.
    assert "pytest" not in text


def test_the_message_is_found_whatever_is_in_it():
    message = "ä ┌ % {x} \\ \n" + "long " * 3000

    @eqx.filter_jit
    def f(x):
        return eqx.error_if(x, x < 0, message)

    with pytest.raises(eqx.EquinoxRuntimeError) as info:
        f(jnp.array(-1.0))
    assert str(info.value).startswith(message)


def test_methods_and_nested_calls_raise():
    class Model(eqx.Module):
        weight: jax.Array

        @eqx.filter_jit
        def __call__(self, x):
            return _checked(self.weight * x)["result"]

    model = Model(jnp.array(2.0))
    assert model(jnp.array(1.0)) == 2
    with pytest.raises(eqx.EquinoxRuntimeError):
        model(jnp.array(-1.0))
    with pytest.raises(eqx.EquinoxRuntimeError):
        eqx.filter_jit(lambda model, x: model(x) + 1)(model, jnp.array(-1.0))


def test_transformations_outside_of_the_compiled_function_raise():
    x = jnp.array([1.0, -1.0])
    with pytest.raises(eqx.EquinoxRuntimeError):
        jax.vmap(_checked)(x)
    with pytest.raises(eqx.EquinoxRuntimeError):
        jax.grad(lambda x: _checked(x)["result"] ** 2)(x[1])
    assert jax.grad(lambda x: _checked(x)["result"] ** 2)(x[0]) == 2


def test_a_program_that_was_compiled_ahead_raises():
    compiled = _checked.lower(jnp.array(1.0)).compile()
    assert compiled(jnp.array(1.0))["result"] == 1
    with pytest.raises(eqx.EquinoxRuntimeError, match=r"^must not be negative"):
        compiled(jnp.array(-1.0))


def test_errors_of_others_pass_untouched():
    @eqx.filter_jit
    def f(x):
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine") as info:
        f(jnp.array(1.0))
    assert info.value.args == ("mine",)


def test_an_error_that_quotes_an_earlier_failure_is_not_taken_for_it():
    with pytest.raises(eqx.EquinoxRuntimeError):
        _checked(jnp.array(-1.0))

    @eqx.filter_jit
    def f(x):
        raise ValueError("must not be negative")

    with pytest.raises(ValueError, match="must not be negative") as info:
        f(jnp.array(1.0))
    assert type(info.value) is ValueError
    assert info.value.args == ("must not be negative",)


def test_threads_get_the_errors_of_their_own_calls():
    def program(number):
        @eqx.filter_jit
        def f(x):
            return eqx.error_if(x, x < 0, f"number {number}")

        return f

    programs = [program(number) for number in range(4)]
    found = {}

    def run(number):
        seen = set()
        for _ in range(20):
            try:
                programs[number](jnp.array(-1.0))
            except eqx.EquinoxRuntimeError as error:
                seen.add(str(error).splitlines()[0])
        found[number] = seen

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: {f"number {number}"} for number in range(4)}


def _slow(x):
    return jax.lax.fori_loop(0, 60, lambda _, x: jnp.tanh(x @ x), x)


def _time_to_return_and_to_finish(f, x):
    jax.block_until_ready(f(x))
    start = time.perf_counter()
    result = f(x)
    returned = time.perf_counter()
    jax.block_until_ready(result)
    return returned - start, time.perf_counter() - returned


@pytest.mark.skipif(
    jax.__version_info__ < (0, 7) and internals.CompiledFunction is None,
    reason="an early JAX runs on the CPU before it returns",
)
def test_a_call_returns_early_unless_there_is_a_check():
    x = jnp.full((400, 400), 1e-3)
    free = eqx.filter_jit(_slow)
    checked = eqx.filter_jit(lambda x: _check(_slow(x)))
    # The best of some, since other work on the machine only ever adds time.
    waits = [_time_to_return_and_to_finish(checked, x) for _ in range(3)]
    returns = [_time_to_return_and_to_finish(free, x) for _ in range(3)]
    assert min(after for _, after in waits) < 1e-3
    assert min(before for before, _ in returns) < min(before for before, _ in waits) / 4


def test_a_check_that_was_optimised_away_is_not_waited_for():
    waited = []

    @eqx.filter_jit
    def f(x):
        _check(x)
        return x + 1

    f(jnp.array(1.0))
    from eqxcore._jit._traces import _traces

    waited = [traced for traced in _traces._by_key.values() if traced.checks.found]
    g = eqx.filter_jit(lambda x: _check(x) + 1)
    g(jnp.array(1.0))
    now = [traced for traced in _traces._by_key.values() if traced.checks.found]
    assert len(now) == len(waited) + 1


@pytest.mark.skipif(internals.CompiledFunction is None, reason="needs the dispatch in C++")
def test_a_program_with_checks_is_run_from_c_plus_plus_too(monkeypatch):
    f = eqx.filter_jit(lambda x: _check(x) + 1)
    f(jnp.array(1.0))
    misses = []
    monkeypatch.setattr(internals, "run_and_describe", lambda *args: misses.append(args))
    assert f(jnp.array(2.0)) == 3
    with pytest.raises(eqx.EquinoxRuntimeError):
        f(jnp.array(-1.0))
    assert not misses


def test_a_failure_does_not_leave_a_trace_of_itself():
    @eqx.filter_jit
    def f(x, y):
        return _check(x) + y

    with pytest.raises(eqx.EquinoxRuntimeError):
        f(jnp.array(-1.0), 1)
    assert f(jnp.array(1.0), 1) == 2
    with pytest.raises(eqx.EquinoxRuntimeError):
        f(jnp.array(-1.0), 2)
