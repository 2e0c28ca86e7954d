"""Eight models trained at once: `filter_vmap` makes them, and maps over them."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx

MEMBERS = 8


@eqx.filter_vmap
def make(key):
    return eqx.nn.MLP("scalar", "scalar", 8, 2, activation=jnp.tanh, key=key)


@eqx.filter_vmap(in_axes=(eqx.if_array(0), None))
def predict(model, x):
    return jax.vmap(model)(x)


@eqx.filter_jit
def step(ensemble, states, optimiser, keys):
    @eqx.filter_vmap
    def of_one(model, state, key):
        @eqx.filter_value_and_grad
        def loss_of(model):
            x = jax.random.uniform(key, (16,), minval=-1.0, maxval=1.0)
            return jnp.mean((jax.vmap(model)(x) - x**3) ** 2)

        loss, grads = loss_of(model)
        updates, state = optimiser.update(grads, state)
        return eqx.apply_updates(model, updates), state, loss

    return of_one(ensemble, states, keys)


def train(steps=15):
    """The losses of all members, step by step, then the spread of their predictions."""
    ensemble = make(jax.random.split(jax.random.key(12), MEMBERS))
    optimiser = optax.adam(1e-2)
    states = eqx.filter_vmap(lambda model: optimiser.init(eqx.filter(model, eqx.is_array)))(
        ensemble
    )
    losses = []
    for key in jax.random.split(jax.random.key(13), steps):
        ensemble, states, loss = step(ensemble, states, optimiser, jax.random.split(key, MEMBERS))
        losses.extend(map(float, loss))
    spread = jnp.std(predict(ensemble, jnp.linspace(-1.0, 1.0, 5)), axis=0)
    losses.extend(map(float, spread))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
