"""Whole programs of the kinds that people write first."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest
from jaxtyping import Array, Float

import eqxcore as eqx


def data(seed=0):
    x_key, y_key, model_key = jax.random.split(jax.random.key(seed), 3)
    return jax.random.normal(x_key, (50, 2)), jax.random.normal(y_key, (50, 2)), model_key


class Perceptron(eqx.Module):
    layers: list
    bias: Float[Array, " out"]

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.layers = [
            eqx.nn.Linear(2, 8, key=first),
            jax.nn.relu,
            eqx.nn.Linear(8, 2, key=second),
        ]
        self.bias = jnp.zeros(2)

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x + self.bias


def squared_error(model, x, y):
    return jnp.mean((y - jax.vmap(model)(x)) ** 2)


def test_gradient_descent_by_tree_map_on_the_arrays():
    x, y, key = data()
    model = Perceptron(key)
    before = float(squared_error(model, x, y))

    @eqx.filter_jit
    def step(model):
        gradient = eqx.filter_grad(squared_error)(model, x, y)
        return eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, gradient))

    for _ in range(20):
        model = step(model)
    assert float(squared_error(model, x, y)) < before
    assert model.layers[1] is jax.nn.relu


def test_partition_then_plain_jax_then_combine():
    x, y, key = data()
    params, static = eqx.partition(Perceptron(key), eqx.is_array)

    @jax.jit
    @jax.grad
    def gradient(params):
        return squared_error(eqx.combine(params, static), x, y)

    result = gradient(params)
    assert type(result) is type(params) is type(static) is Perceptron
    assert result.layers[1] is None
    assert static.layers[1] is jax.nn.relu
    assert result.layers[0].weight.shape == (8, 2)


@jax.numpy_dtype_promotion("standard")  # Optax does not run under the strict one
def test_training_with_optax_traces_once():
    x, y, key = data()
    model, optimiser = Perceptron(key), optax.adam(1e-2)
    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    traces = []

    @functools.partial(eqx.filter_jit, donate="all")
    def step(model, state, x, y):
        traces.append(1)
        loss, gradient = eqx.filter_value_and_grad(squared_error)(model, x, y)
        updates, state = optimiser.update(gradient, state)
        return eqx.apply_updates(model, updates), state, loss

    losses = []
    for _ in range(10):
        model, state, loss = step(model, state, jnp.array(x), jnp.array(y))
        losses.append(float(loss))
    assert losses[-1] < losses[0]
    assert len(traces) == 1


def test_a_whole_instance_with_strings_and_flags_goes_through_jit():
    class Layer(eqx.Module):
        weight: jax.Array
        name: str
        activation: Any
        training: bool = True

        def __call__(self, x):
            return self.activation(self.weight @ x) if self.training else x

    traces = []

    @eqx.filter_jit
    def run(layer, x):
        traces.append(layer.name)
        return layer(x)

    x = jnp.ones(2)
    for weight in (jnp.eye(2), 2 * jnp.eye(2)):
        run(Layer(weight, "first", jax.nn.relu), x)
    run(Layer(jnp.eye(2), "second", jax.nn.relu), x)
    assert run(Layer(jnp.eye(2), "second", jax.nn.relu, False), x).tolist() == [1, 1]
    assert traces == ["first", "second", "second"]


def test_an_ensemble_by_vmap_over_keys():
    make = eqx.filter_vmap(Perceptron)
    ensemble = make(jax.random.split(jax.random.key(0), 4))
    assert ensemble.bias.shape == (4, 2)
    evaluate = eqx.filter_vmap(lambda model, x: model(x), in_axes=(eqx.if_array(0), None))
    assert evaluate(ensemble, jnp.ones(2)).shape == (4, 2)


def test_a_jitted_method_and_a_method_as_argument():
    class Model(eqx.Module):
        weight: jax.Array

        @jax.jit
        def __call__(self, x):
            return self.weight * x

        def norm(self):
            return jnp.linalg.norm(self.weight)

    model = Model(jnp.ones(4))
    assert model(2.0).tolist() == [2] * 4
    assert float(jax.jit(lambda f: f())(model.norm)) == pytest.approx(2)
