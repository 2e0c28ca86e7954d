"""An Equinox loop whose scheduled learning rate is a Python float.

eqxview run examples/recompile/equinox_schedule.py            # a program for each rate
eqxview run examples/recompile/equinox_schedule.py --cured    # one program
"""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp


@eqx.filter_jit
def train_step(model, x, y, learning_rate):
    @eqx.filter_grad
    def gradient(model):
        return jnp.mean((jax.vmap(model)(x) - y) ** 2)

    grads = gradient(model)
    return eqx.apply_updates(model, jax.tree_util.tree_map(lambda g: -learning_rate * g, grads))


def main(cured):
    model = eqx.nn.MLP(2, 1, width_size=8, depth=2, key=jax.random.key(0))
    x = jax.random.normal(jax.random.key(1), (16, 2))
    y = jnp.sum(x, axis=1, keepdims=True)
    for epoch in range(4):
        learning_rate = 0.1 * 0.9**epoch
        if cured:
            learning_rate = jnp.asarray(learning_rate)
        model = train_step(model, x, y, learning_rate)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
