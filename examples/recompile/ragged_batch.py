"""A last batch that is smaller than the others.

eqxview run examples/recompile/ragged_batch.py
eqxview run examples/recompile/ragged_batch.py --cured
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

import eqxcore as eqx


@eqx.filter_jit
def evaluate(model, batch, weight):
    squares = jnp.sum(jax.vmap(model)(batch) ** 2, axis=1)
    return jnp.sum(squares * weight) / jnp.sum(weight)


def main(cured):
    model = eqx.nn.MLP(3, 2, width_size=8, depth=1, key=jax.random.key(0))
    examples = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    for start in range(0, len(examples), 8):
        batch = examples[start : start + 8]
        weight = np.ones(len(batch), np.float32)
        if cured:
            # Filled up to a full batch; a weight of zero counts for nothing.
            missing = 8 - len(batch)
            batch = np.pad(batch, ((0, missing), (0, 0)))
            weight = np.pad(weight, (0, missing))
        evaluate(model, batch, weight)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
