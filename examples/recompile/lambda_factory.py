"""A factory that gives each model a new lambda for its activation.

eqxview run examples/recompile/lambda_factory.py
eqxview run examples/recompile/lambda_factory.py --cured
"""

import sys

import jax
import jax.numpy as jnp

import eqxcore as eqx


def leaky(x):
    return jax.nn.leaky_relu(x, 0.1)


def make_model(seed, cured):
    activation = leaky if cured else lambda x: jax.nn.leaky_relu(x, 0.1)
    return eqx.nn.MLP(2, 1, width_size=8, depth=2, activation=activation, key=jax.random.key(seed))


@eqx.filter_jit
def loss(model, x):
    return jnp.mean(jax.vmap(model)(x) ** 2)


def main(cured):
    x = jnp.ones((4, 2))
    for seed in range(3):
        loss(make_model(seed, cured), x)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
