"""Makes the files of this folder: what people really pickle, with the libraries of a given day.

    python -m venv /tmp/today && /tmp/today/bin/pip install jax equinox optax flax cloudpickle
    cp -r tests/real_files /tmp && cd /tmp/real_files && /tmp/today/bin/python make.py today

For `spring_2024`, the same with

    pip install "jax==0.4.26" "jaxlib==0.4.26" "equinox==0.11.4" "optax==0.2.2" "flax==0.8.4" \
        "numpy<2" "scipy<1.13" cloudpickle

The tests then need none of these libraries. It runs outside of the checkout, and from a virtual
environment of that name, because cloudpickle writes paths into its files. Old files are the
point: to add one, name it after the directory, and the others stay as they are.
"""

import os
import pickle
import subprocess
import sys
from importlib.metadata import version

import cloudpickle
import equinox as eqx
import expectation
import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState

HERE = os.path.dirname(os.path.abspath(__file__))


def objects():
    """Name of each file, what is in it, and what pickles it."""
    key = jax.random.PRNGKey(0)
    model = eqx.nn.MLP(2, 3, 4, 2, key=key)
    yield "equinox_mlp", model, cloudpickle
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3))
    yield "optax_state", optimiser.init(eqx.filter(model, eqx.is_array)), cloudpickle
    attention = eqx.nn.MultiheadAttention(num_heads=2, query_size=4, key=key)
    norm = eqx.nn.BatchNorm(3, axis_name="batch") if _is_old() else eqx.nn.LayerNorm(3)
    shared = eqx.nn.Embedding(5, 4, key=key)
    yield "equinox_layers", {"attention": attention, "norm": norm, "in": shared}, cloudpickle
    yield (
        "equinox_bound",
        [eqx.Partial(jnp.add, jnp.ones(2)), model.layers[0].__call__],
        cloudpickle,
    )
    dense = nn.Dense(3)
    variables = dense.init(key, jnp.ones((1, 2)))
    yield "linen_params", variables, pickle
    yield "linen_frozen", flax.core.freeze(variables), pickle
    state = TrainState.create(apply_fn=dense.apply, params=variables["params"], tx=optax.adam(1e-3))
    yield "train_state", state, cloudpickle
    yield from _nnx()
    yield from _eqxcore(key)


def _is_old():
    return version("jax").startswith("0.4.")


def _nnx():
    try:
        from flax import nnx
    except ImportError:
        from flax.experimental import nnx

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.first = nnx.Linear(2, 3, rngs=rngs)
            self.second = nnx.BatchNorm(3, rngs=rngs)

    net = Net(nnx.Rngs(0))
    yield "nnx_state", nnx.split(net)[1], pickle
    if not _is_old():
        yield "nnx_module", nnx.Linear(2, 3, rngs=nnx.Rngs(0)), pickle


def _eqxcore(key):
    try:
        import eqxcore
    except ImportError:
        # It needs a newer JAX, and the checkout on PYTHONPATH.
        return
    yield "eqxcore_mlp", eqxcore.nn.MLP(2, 3, 4, 2, key=key), pickle


def main(directory, *wanted):
    os.makedirs(directory, exist_ok=True)
    pickled, expected = {}, {}
    for name, pytree, library in objects():
        if wanted and name not in wanted:
            continue
        pickled[name] = library.dumps(pytree)
        expected[name] = expectation.of(pytree)
    expectation.write(directory, pickled, expected)
    if wanted:
        return
    subprocess.run([sys.executable, os.path.join(HERE, "script.py"), directory], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
