"""`filter_while_loop`: what goes round, what is held, what fails."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


class Search(eqx.Module):
    step: jax.Array
    x: jax.Array
    function: object
    name: str = eqx.field(static=True, default="search")


def newton(state):
    x = state.x - state.function(state.x) / jax.grad(state.function)(state.x)
    return Search(state.step + 1, x, state.function)


def is_unfinished(state):
    return (jnp.abs(state.function(state.x)) > 1e-6) & (state.step < 20)


def square_minus_two(x):
    return x**2 - 2


def start(x=1.0):
    return Search(jnp.asarray(0), jnp.asarray(x), square_minus_two)


def test_a_module_goes_round_until_the_condition_is_false():
    last = eqx.filter_while_loop(is_unfinished, newton, start())
    np.testing.assert_allclose(last.x, np.sqrt(2), rtol=1e-6)
    assert last.function is square_minus_two
    assert last.name == "search"
    assert 0 < last.step < 20


def test_nothing_is_done_when_the_condition_is_false_at_once():
    last = eqx.filter_while_loop(lambda state: False, newton, start(5.0))
    assert (last.step, last.x) == (0, 5.0)


def test_it_is_jitted_and_mapped():
    xs = jnp.array([1.0, 30.0])
    run = eqx.filter_jit(
        eqx.filter_vmap(lambda x: eqx.filter_while_loop(is_unfinished, newton, start(x)))
    )
    last = run(xs)
    np.testing.assert_allclose(last.x, np.sqrt([2, 2]), rtol=1e-6)
    assert last.step[0] < last.step[1]
    assert last.function is square_minus_two


def test_it_is_differentiated_forward():
    def twice(x):
        return eqx.filter_while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, c[1] * x, c[2]), (
            jnp.asarray(0), x, "name"))[1]  # fmt: skip

    value, tangent = jax.jvp(twice, (jnp.asarray(3.0),), (jnp.asarray(1.0),))
    assert (value, tangent) == (27.0, 27.0)


def test_modules_are_conditions_and_bodies():
    class Limit(eqx.Module):
        limit: jax.Array

        def __call__(self, carry):
            return jnp.sum(carry) < self.limit

    layer = nn.Linear(2, 2, key=KEY)
    layer = eqx.tree_at(lambda layer: layer.weight, layer, 2 * jnp.eye(2))
    layer = eqx.tree_at(lambda layer: layer.bias, layer, jnp.zeros(2))
    out = eqx.filter_while_loop(Limit(jnp.asarray(10.0)), layer, jnp.ones(2))
    np.testing.assert_array_equal(out, [8.0, 8.0])


def test_functions_are_traced_once_for_the_same_kind_of_carry():
    traces = []

    def body(carry):
        traces.append(1)
        return carry[0] + 1, carry[1]

    def cond(carry):
        traces.append(2)
        return carry[0] < 3

    for begin in (0, 1):
        eqx.filter_while_loop(cond, body, (jnp.asarray(begin), "name"))
    assert sorted(traces) == [1, 2]


def test_no_tracer_is_left_behind():
    with jax.checking_leaks():
        eqx.filter_jit(lambda x: eqx.filter_while_loop(is_unfinished, newton, start(x)))(2.0)


MISTAKES = {
    "a counter that is a number": (
        lambda c: True, lambda c: (c[0] + 1, c[1]), (0, jnp.ones(2)),
        ("filter_while_loop", "carry[0]  0", "1", "jnp.asarray(0)")),
    "another shape": (
        lambda c: True, lambda c: (c[0], jnp.ones(3)), (0, jnp.ones(2)),
        ("carry[1]", "f32[2]", "f32[3]", "jnp.zeros((3,))")),
    "another structure": (
        lambda c: True, lambda c: c[0], (0, jnp.ones(2)), ("carry", "tuple of 2", "0")),
    "a number for a verdict": (
        lambda c: 1, lambda c: c, jnp.ones(2), ("a int", "expected a bool")),
    "numbers for a verdict": (
        lambda c: c, lambda c: c, jnp.ones(()), ("float32[]", "expected a bool", "carry > 0")),
    "a verdict for each element": (
        lambda c: c > 0, lambda c: c, jnp.ones(2), ("bool[2]", "without axes", "jnp.any")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_shown_with_the_fix(mistake):
    cond, body, init, parts = MISTAKES[mistake]
    with pytest.raises(TypeError, match="(?s)" + ".*".join(map(re.escape, parts))):
        eqx.filter_while_loop(cond, body, init)
