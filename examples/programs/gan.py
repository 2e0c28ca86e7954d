"""Two models against each other: a generator learns a shifted normal distribution."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx


def generator_loss(generator, critic, noise):
    return -jnp.mean(jax.vmap(critic)(jax.vmap(generator)(noise)))


def critic_loss(critic, generator, noise, real):
    def weighted(x, mark):
        return jnp.mean(jax.nn.softplus(mark * jax.vmap(critic)(x)))

    return weighted(jax.vmap(generator)(noise), 1.0) + weighted(real, -1.0)


@eqx.filter_jit
def step(models, states, optimisers, noise, real):
    generator, critic = models
    (generator_state, critic_state), (generator_opt, critic_opt) = states, optimisers
    loss_c, grads = eqx.filter_value_and_grad(critic_loss)(critic, generator, noise, real)
    updates, critic_state = critic_opt.update(grads, critic_state)
    critic = eqx.apply_updates(critic, updates)
    loss_g, grads = eqx.filter_value_and_grad(generator_loss)(generator, critic, noise)
    updates, generator_state = generator_opt.update(grads, generator_state)
    generator = eqx.apply_updates(generator, updates)
    return (generator, critic), (generator_state, critic_state), loss_g, loss_c


def train(steps=15):
    """Both losses of each step, in turn."""
    generator_key, critic_key, key = jax.random.split(jax.random.key(6), 3)
    generator = eqx.nn.MLP(2, 2, 8, 1, key=generator_key)
    critic = eqx.nn.Sequential(
        [
            eqx.nn.Linear(2, 8, key=critic_key),
            eqx.nn.Lambda(jax.nn.leaky_relu),
            eqx.nn.Linear(8, "scalar", key=critic_key),
        ]
    )
    optimisers = optax.adam(1e-2), optax.rmsprop(1e-2)
    models = generator, critic
    states = tuple(
        optimiser.init(eqx.filter(model, eqx.is_inexact_array))
        for optimiser, model in zip(optimisers, models, strict=True)
    )
    losses = []
    for step_key in jax.random.split(key, steps):
        noise, real = jax.random.normal(step_key, (2, 32, 2))
        models, states, *pair = step(models, states, optimisers, noise, real + 2.0)
        losses.extend(map(float, pair))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
