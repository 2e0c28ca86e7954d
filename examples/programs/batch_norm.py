"""State that training changes: BatchNorm and SpectralNorm, through `make_with_state`."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx


class Classifier(eqx.Module):
    first: eqx.nn.Linear
    norm: eqx.nn.BatchNorm
    second: eqx.nn.SpectralNorm[eqx.nn.Linear]
    last: eqx.nn.Linear

    def __init__(self, key):
        first_key, second_key, power_key, last_key = jax.random.split(key, 4)
        # No bias: the mean that BatchNorm takes away would take it along.
        self.first = eqx.nn.Linear(2, 16, use_bias=False, key=first_key)
        self.norm = eqx.nn.BatchNorm(16, axis_name="batch", momentum=0.9, mode="batch")
        self.second = eqx.nn.SpectralNorm(
            eqx.nn.Linear(16, 16, key=second_key), "weight", key=power_key
        )
        self.last = eqx.nn.Linear(16, "scalar", key=last_key)

    def __call__(self, x, state):
        x, state = self.norm(self.first(x), state)
        x, state = self.second(jax.nn.relu(x), state)
        return self.last(jax.nn.relu(x)), state


def two_rings(key, size):
    angle_key, ring_key, noise_key = jax.random.split(key, 3)
    angle = jax.random.uniform(angle_key, (size,), maxval=2 * jnp.pi)
    outer = jax.random.bernoulli(ring_key, shape=(size,)).astype(jnp.float32)
    points = (1 + outer)[:, None] * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
    return points + 0.1 * jax.random.normal(noise_key, (size, 2)), outer


def scores_of(model, state, x):
    return jax.vmap(model, axis_name="batch", in_axes=(0, None), out_axes=(0, None))(x, state)


@eqx.filter_jit
def step(model, state, optimiser, slots, x, y):
    def loss_of(model, state):
        scores, state = scores_of(model, state, x)
        return jnp.mean(optax.sigmoid_binary_cross_entropy(scores, y)), state

    (loss, state), grads = eqx.filter_value_and_grad(loss_of, has_aux=True)(model, state)
    updates, slots = optimiser.update(grads, slots)
    return eqx.apply_updates(model, updates), state, slots, loss


def train(steps=25):
    """The loss of each step, then the loss in inference mode, with the running statistics."""
    model, state = eqx.nn.make_with_state(Classifier)(jax.random.key(19))
    optimiser = optax.adam(5e-2)
    slots = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    losses = []
    for key in jax.random.split(jax.random.key(10), steps):
        x, y = two_rings(key, 64)
        model, state, slots, loss = step(model, state, optimiser, slots, x, y)
        losses.append(float(loss))
    x, y = two_rings(jax.random.key(11), 64)
    scores, _ = scores_of(eqx.nn.inference_mode(model), state, x)
    losses.append(float(jnp.mean(optax.sigmoid_binary_cross_entropy(scores, y))))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
