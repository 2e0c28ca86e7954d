import pickle

import jax
import pytest

import eqxcore as eqx


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """An eqxcore MLP, pickled with plain pickle."""
    path = tmp_path_factory.mktemp("models") / "model.pkl"
    path.write_bytes(pickle.dumps(eqx.nn.MLP(2, 3, 4, 2, key=jax.random.key(0))))
    return path
