"""Denoising diffusion of points on a circle: train by noise prediction, then sample."""

import functools as ft

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx

LEVELS = 20


class Denoiser(eqx.Module):
    mlp: eqx.nn.MLP
    time: eqx.nn.Embedding
    kept: jax.Array  # share of the signal left at each level; not trained

    def __init__(self, key):
        mlp_key, time_key = jax.random.split(key)
        self.mlp = eqx.nn.MLP(6, 2, 32, 2, activation=jax.nn.silu, key=mlp_key)
        self.time = eqx.nn.Embedding(LEVELS, 4, key=time_key)
        self.kept = jnp.cumprod(1 - jnp.linspace(1e-3, 0.3, LEVELS))

    def __call__(self, x, level):
        return self.mlp(jnp.concatenate([x, self.time(level)]))


def circle(key, size):
    angle = jax.random.uniform(key, (size,), maxval=2 * jnp.pi)
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)


def one_loss(model, x, key):
    level_key, noise_key = jax.random.split(key)
    level = jax.random.randint(level_key, (), 0, LEVELS)
    noise = jax.random.normal(noise_key, x.shape)
    kept = jax.lax.stop_gradient(model.kept)[level]
    noisy = jnp.sqrt(kept) * x + jnp.sqrt(1 - kept) * noise
    return jnp.mean((model(noisy, level) - noise) ** 2)


@ft.partial(eqx.filter_jit, donate="none")
def step(model, state, optimiser, key):
    data_key, loss_key = jax.random.split(key)
    x = circle(data_key, 64)

    @eqx.filter_value_and_grad
    def loss_of(model):
        return jnp.mean(jax.vmap(ft.partial(one_loss, model))(x, jax.random.split(loss_key, 64)))

    loss, grads = loss_of(model)
    updates, state = optimiser.update(grads, state)
    return eqx.apply_updates(model, updates), state, loss


@eqx.filter_jit
def sample(model, key):
    def denoise(x, level):
        kept = model.kept[level]
        before = jnp.where(level == 0, 1.0, model.kept[jnp.maximum(level - 1, 0)])
        noise = model(x, level)
        clean = (x - jnp.sqrt(1 - kept) * noise) / jnp.sqrt(kept)
        return jnp.sqrt(before) * clean + jnp.sqrt(1 - before) * noise, None

    start = jax.random.normal(key, (2,))
    return jax.lax.scan(denoise, start, jnp.arange(LEVELS)[::-1])[0]


def train(steps=25):
    """The loss of each step, then the mean distance of samples from the circle."""
    model_key, key, sample_key = jax.random.split(jax.random.key(7), 3)
    model = Denoiser(model_key)
    optimiser = optax.adam(optax.cosine_decay_schedule(1e-2, steps))
    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    losses = []
    for step_key in jax.random.split(key, steps):
        model, state, loss = step(model, state, optimiser, step_key)
        losses.append(float(loss))
    points = eqx.filter_vmap(sample, in_axes=(None, 0))(model, jax.random.split(sample_key, 16))
    losses.append(float(jnp.mean(jnp.abs(jnp.linalg.norm(points, axis=1) - 1))))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
