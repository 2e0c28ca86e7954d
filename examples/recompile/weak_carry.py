"""A running sum that starts as a Python number, and comes back as an array.

eqxview run examples/recompile/weak_carry.py
eqxview run examples/recompile/weak_carry.py --cured
"""

import sys

import jax
import jax.numpy as jnp


@jax.jit
def add(total, x):
    return total + jnp.sum(x)


def main(cured):
    x = jnp.ones(4)
    total = jnp.zeros(()) if cured else 0.0
    for _ in range(3):
        total = add(total, x)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
