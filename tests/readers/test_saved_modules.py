"""Modules of eqxcore, which say in the file what was static: no class has to be found."""

import pickle
import subprocess
import sys
import textwrap

import pytest

import eqxcore as eqx
from eqxview.readers import open_file
from eqxview.tree.kinds import ROLE_MARKS, Role

SCRIPT = """
    import pickle
    import sys

    import jax
    import jax.numpy as jnp

    import eqxcore as eqx

    class Model(eqx.Module):
        weight: jax.Array
        size: int = eqx.field(static=True)
        inner: eqx.nn.MLP

    model = Model(jnp.ones(3), 3, eqx.nn.MLP(2, 1, 4, 1, key=jax.random.key(0)))
    sys.stdout.buffer.write(pickle.dumps(model, protocol=int(sys.argv[1])))
"""


def roles(path):
    (tree,) = open_file(str(path)).trees
    return {tree.path(row): ROLE_MARKS[Role(tree.role[row])].word for row in range(len(tree))}


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_model_of_a_script_is_known_without_the_script(protocol, tmp_path):
    path = tmp_path / "model.pkl"
    script = textwrap.dedent(SCRIPT)
    path.write_bytes(
        subprocess.run(
            [sys.executable, "-c", script, str(protocol)], capture_output=True, check=True
        ).stdout
    )
    found = roles(path)
    assert found[""] == "node"
    assert found[".weight"] == "dynamic"
    assert found[".size"] == "static field"
    assert found[".inner.layers[0].weight"] == "dynamic"
    assert found[".inner.layers[0].use_bias"] == "static field"
    assert found[".inner.activation"] == "static leaf"
    assert "unknown" not in found.values()


class Lying:
    """Pickles as a Module would whose static fields are no names."""

    def __init__(self, statics):
        self.__dict__.update({"x": 1, "__static_fields__": statics})


@pytest.mark.parametrize("statics", [(1, None, ("x",)), ("y", "x"), (), "x", 7, None])
def test_nonsense_about_static_fields_is_shown_and_harms_nothing(statics, tmp_path):
    path = tmp_path / "lying.pkl"
    path.write_bytes(pickle.dumps(Lying(statics)))
    (tree,) = open_file(str(path)).trees
    row = tree.find(".x")
    assert row is not None
    assert tree.value_text(row) == "1"


def test_a_loaded_module_has_its_fields_and_nothing_else():
    layer = eqx.nn.Identity()
    assert vars(pickle.loads(pickle.dumps(layer))) == vars(layer) == {}
