"""Makes the pickles under measurement, in `benchmarks/data/` (2.1 GB).

small.pkl: an eqxcore MLP. big.pkl: 1,000 JAX arrays of 2 MB each in a dict of dicts.
many.pkl: 100,000 small JAX arrays.
"""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
from measure import DATA

import eqxcore as eqx


def make() -> None:
    DATA.mkdir(exist_ok=True)
    _write("small.pkl", lambda: eqx.nn.MLP(2, 3, 4, 2, key=jax.random.key(0)))
    _write("big.pkl", _big)
    _write("many.pkl", _many)


def _big() -> dict:
    block = np.random.default_rng(0).standard_normal((724, 724), np.float32)
    return {
        f"layer{i}": {f"w{j}": jnp.asarray(block + (10 * i + j)) for j in range(10)}
        for i in range(100)
    }


def _many() -> dict:
    return {
        f"layer{i}": {f"w{j}": jnp.full((8,), float(i)) for j in range(100)} for i in range(1000)
    }


def _write(name: str, build) -> None:
    path = DATA / name
    if not path.exists():
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            pickle.dump(build(), file, protocol=5)
        half.rename(path)
    print(f"{path.name}: {path.stat().st_size / 1e6:,.1f} MB")


if __name__ == "__main__":
    make()
