"""Fit a sine with a multilayer perceptron: the smallest training loop there is."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx


def data(key, size):
    x = jax.random.uniform(key, (size, 1), minval=-3.0, maxval=3.0)
    return x, jnp.sin(x)


@eqx.filter_value_and_grad
def loss_of(model, x, y):
    return jnp.mean((jax.vmap(model)(x) - y) ** 2)


@eqx.filter_jit
def step(model, state, optimiser, x, y):
    loss, grads = loss_of(model, x, y)
    updates, state = optimiser.update(grads, state, eqx.filter(model, eqx.is_inexact_array))
    return eqx.apply_updates(model, updates), state, loss


def train(steps=20):
    """The loss of each step."""
    model_key, key = jax.random.split(jax.random.key(0))
    model = eqx.nn.MLP(1, 1, width_size=16, depth=2, activation=jnp.tanh, key=model_key)
    optimiser = optax.adam(1e-2)
    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    losses = []
    for step_key in jax.random.split(key, steps):
        x, y = data(step_key, 32)
        model, state, loss = step(model, state, optimiser, x, y)
        losses.append(float(loss))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
