"""`closure_to_pytree`: functions with what they close over as leaves."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import eqxcore as eqx
from eqxcore.internal import closure_to_pytree


def scaled_by(scale, offset=2):
    def fn(x, *, times=1):
        return x * scale * times + offset

    return fn


def arrays(tree):
    return [leaf for leaf in jax.tree.leaves(tree) if eqx.is_array(leaf)]


def test_what_is_closed_over_is_a_leaf():
    fn = closure_to_pytree(scaled_by(jnp.array(3.0)))
    assert fn(2.0) == 8
    assert fn(2.0, times=2) == 14
    (scale,) = arrays(fn)
    assert scale == 3
    doubled = jax.tree.map(lambda leaf: leaf * 2 if eqx.is_array(leaf) else leaf, fn)
    assert doubled(2.0) == 14


def test_functions_in_closures_and_in_containers_are_converted_too():
    def outer(inner, weight):
        return lambda x: inner(x) * weight

    tree = closure_to_pytree([outer(scaled_by(jnp.array(3.0)), jnp.array(5.0)), 1, len])
    assert sorted(float(leaf) for leaf in arrays(tree)) == [3, 5]
    assert tree[0](2.0) == 40
    assert tree[1:] == [1, len]


def test_a_global_function_closes_over_nothing():
    fn = closure_to_pytree(scaled_by)
    assert arrays(fn) == []
    assert fn(1.0)(1.0) == 3


def test_a_function_that_calls_itself_keeps_doing_so():
    base = jnp.array(7.0)

    def count_down(x):
        return base if x == 0 else count_down(x - 1)

    fn = closure_to_pytree(count_down)
    assert fn(3) == 7
    assert [float(leaf) for leaf in arrays(fn)] == [7]


def test_a_variable_that_is_not_assigned_yet_is_left_so():
    def fn():
        return later

    converted = closure_to_pytree(fn)
    with pytest.raises(NameError, match="later"):
        converted()
    later = 1
    assert fn() == later


def test_two_of_the_same_function_share_a_compiled_program():
    traces = []

    @eqx.filter_jit
    def run(fn, x):
        traces.append(fn)
        return fn(x)

    for scale in (2.0, 3.0):
        assert run(closure_to_pytree(scaled_by(jnp.array(scale))), jnp.array(1.0)) == scale + 2
    assert len(traces) == 1
    run(closure_to_pytree(scaled_by(jnp.array(1.0), offset=3)), jnp.array(1.0))
    assert len(traces) == 2


def test_it_is_differentiated_in_what_it_closes_over():
    fn = closure_to_pytree(scaled_by(jnp.array(3.0)))
    grad = eqx.filter_grad(lambda fn, x: fn(x))(fn, jnp.array(5.0))
    assert arrays(grad) == [5]


def test_an_optimiser_is_a_pytree_and_is_passed_through_jit():
    optimiser = closure_to_pytree(optax.adam(jnp.array(1e-2)))
    (rate,) = arrays(optimiser)
    np.testing.assert_allclose(abs(rate), 1e-2)
    params = jnp.array([1.0, 2.0])

    def step(optimiser, params):
        updates, _ = optimiser.update(params, optimiser.init(params), params)
        return optax.apply_updates(params, updates)

    with jax.numpy_dtype_promotion("standard"):  # which Optax relies on
        found, expected = eqx.filter_jit(step)(optimiser, params), step(optax.adam(1e-2), params)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
