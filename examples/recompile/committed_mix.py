"""Weights placed with `device_put` in one call and fresh in the next: same shapes, same device.

eqxview run examples/recompile/committed_mix.py
eqxview run examples/recompile/committed_mix.py --cured
"""

import sys

import jax
import jax.numpy as jnp


@jax.jit
def predict(weights, x):
    return jnp.tanh(x @ weights["hidden"]) @ weights["out"]


def main(cured):
    device = jax.devices()[0]
    x = jnp.ones((4, 3))
    fresh = {"hidden": jnp.ones((3, 8)), "out": jnp.ones((8, 2))}
    restored = jax.device_put(fresh, device)
    if cured:
        fresh = jax.device_put(fresh, device)
    predict(fresh, x)
    predict(restored, x)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
