"""An Optax optimiser that is built again in every epoch.

eqxview run examples/recompile/optax_rebuilt.py
eqxview run examples/recompile/optax_rebuilt.py --cured
"""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import optax


@eqx.filter_jit
def train_step(model, optimiser, state, x, y):
    grads = eqx.filter_grad(lambda model: jnp.mean((jax.vmap(model)(x) - y) ** 2))(model)
    updates, state = optimiser.update(grads, state)
    return eqx.apply_updates(model, updates), state


def main(cured):
    model = eqx.nn.Linear(2, 1, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (16, 2))
    y = jnp.sum(x, axis=1, keepdims=True)
    kept = optax.adam(1e-2)
    state = kept.init(eqx.filter(model, eqx.is_array))
    for _epoch in range(3):
        optimiser = kept if cured else optax.adam(1e-2)
        for _step in range(2):
            model, state = train_step(model, optimiser, state, x, y)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
