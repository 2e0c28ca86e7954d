"""Files of arrays: checkpoints of eqxcore by name, Equinox's files and `.npy` in order."""

import collections
import gzip
import json
import subprocess
import sys
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytrees import pytrees

import eqxcore as eqx
from eqxview.cli.main import run
from eqxview.errors import EqxviewError, UnreadableFile
from eqxview.limits import Limits
from eqxview.readers import ReadOptions, open_file
from eqxview.tree import Flag, Kind, Role
from eqxview.tree.live import tree_of

KEY = jax.random.PRNGKey(0)
Point = collections.namedtuple("Point", "x y")


class Model(eqx.Module):
    mlp: Any
    mode: str = eqx.field(static=True, default="train")
    sizes: tuple = eqx.field(static=True, default=(2, 3))


def tree_in(path: Any) -> Any:
    opened = open_file(str(path))
    assert opened.error is None
    assert not opened.warnings
    (tree,) = opened.trees
    return tree


def seen(tree: Any) -> list[tuple[Any, ...]]:
    """What JAX sees, and the static fields, in order."""
    return [
        (
            tree.path(row),
            Role(tree.role[row]),
            tree.dtype_name(row),
            tree.array_shape(row),
            tree.nbytes[row],
            tree.has_flag(row, Flag.WEAK),
        )
        for row in range(len(tree))
        if tree.role[row] != Role.INSIDE
    ]


STATE = {
    "model": Model(eqx.nn.MLP(2, 2, 3, 1, key=KEY)),
    "numbers": [True, 3, 1e-8, 1j],
    "point": Point(jnp.asarray(1.0), None),
    "keys": jax.random.split(jax.random.key(0), 3),
    "bf16": jnp.ones(2, jnp.bfloat16),
    "fp8": np.ones(2, jnp.float8_e4m3fn),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "records": np.zeros(2, [("a", "i4"), ("b", "f8", (2,))]),
    "times": np.zeros(2, "M8[25s]"),
    "text": np.array(["a", "bc"]),
    "function": jax.nn.relu,
    "empty": ((), [], {}),
}


def test_a_checkpoint_shows_what_the_live_tree_shows(tmp_path):
    eqx.save(tmp_path / "state.eqx", STATE)
    tree = tree_in(tmp_path / "state.eqx")
    assert seen(tree) == seen(tree_of(STATE))
    assert "static=" not in repr(tree)
    row = tree.find("['model'].mlp.activation")
    assert tree.value_text(row) == "<function relu>"
    assert tree.type_path(tree.find("['model'].mlp")) == "eqxcore.nn._mlp.MLP"


@settings(deadline=None)
@given(pytrees)
def test_every_checkpoint_shows_what_the_live_tree_shows(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("law") / "tree.eqx"
    try:
        eqx.save(path, tree)
    except RuntimeError:
        return  # an integer of more than 64 bits
    assert seen(tree_in(path)) == seen(tree_of(tree))


def test_values_are_read_when_they_are_asked_for(tmp_path):
    eqx.save(tmp_path / "state.eqx", STATE)
    tree = tree_in(tmp_path / "state.eqx")
    for path, array in jax.tree_util.tree_leaves_with_path(STATE):
        row = tree.find(jax.tree_util.keystr(path))
        if isinstance(array, (jax.Array, np.ndarray)):
            value = tree.values.fetch(tree, row)
            if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
                array = jax.random.key_data(array)
            assert value.dtype == array.dtype
            assert np.array_equal(value, np.asarray(array))


def test_an_equinox_file_shows_its_arrays_in_order(tmp_path):
    model = equinox.nn.MLP(2, 2, 3, 1, key=KEY)
    equinox.tree_serialise_leaves(tmp_path / "model.eqx", [model, jnp.ones(2, jnp.bfloat16)])
    opened = open_file(str(tmp_path / "model.eqx"))
    assert opened.format == "arrays without names"
    assert "holds no names" in opened.hints[0]
    (tree,) = opened.trees
    assert [(tree.path(row), tree.array_shape(row)) for row in tree.leaves()] == [
        ("[<flat index 0>]", (3, 2)),
        ("[<flat index 1>]", (3,)),
        ("[<flat index 2>]", (2, 3)),
        ("[<flat index 3>]", (2,)),
        ("[<flat index 4>]", (2,)),
    ]
    assert tree.dtype_name(5) == "bfloat16"
    assert "<V2" in tree.notes[0][0]
    assert np.array_equal(tree.values.fetch(tree, 1), model.layers[0].weight)


def test_a_npy_file_is_its_array(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    opened = open_file(str(tmp_path / "a.npy"))
    assert opened.format == "npy array"
    assert not opened.hints
    (tree,) = opened.trees
    assert (tree.kind[0], tree.array_shape(0)) == (Kind.ARRAY, (3,))


def test_settings_in_front_of_the_arrays_are_told(tmp_path):
    with (tmp_path / "model.eqx").open("wb") as file:
        file.write(json.dumps({"width": 3, "x": "\x1b[2J"}).encode() + b"\n")
        equinox.tree_serialise_leaves(file, jnp.ones(3))
    opened = open_file(str(tmp_path / "model.eqx"))
    assert opened.warnings == (r'before the arrays stands: {"width": 3, "x": "\u001b[2J"}',)
    assert len(opened.trees[0]) == 2


@pytest.mark.parametrize("writer", [eqx.save, eqx.tree_serialise_leaves])
def test_a_compressed_file_is_read_too(writer, tmp_path):
    writer(tmp_path / "plain.eqx", STATE)
    data = (tmp_path / "plain.eqx").read_bytes()
    (tmp_path / "packed.eqx.gz").write_bytes(gzip.compress(data))
    tree = tree_in(tmp_path / "packed.eqx.gz")
    assert seen(tree) == seen(tree_in(tmp_path / "plain.eqx"))
    row = next(iter(tree.leaves()))
    assert tree.values.fetch(tree, row) is not None


def test_the_content_counts_for_more_than_the_suffix(tmp_path):
    eqx.save(tmp_path / "model.pkl", {"w": jnp.ones(2)})
    assert tree_in(tmp_path / "model.pkl").find("['w']") == 1


def test_a_checkpoint_without_arrays_is_read(tmp_path):
    eqx.save(tmp_path / "none.eqx", {"act": jax.nn.relu})
    assert tree_in(tmp_path / "none.eqx").value_text(1) == "<function relu>"


def test_equal_pytrees_have_the_same_name_and_others_another(tmp_path):
    formats = []
    for number, tree in enumerate([{"w": jnp.ones(2)}, {"w": jnp.ones(2)}, {"w": jnp.zeros(2)}]):
        eqx.save(tmp_path / f"{number}.eqx", tree)
        formats.append(open_file(str(tmp_path / f"{number}.eqx")).format)
    assert formats[0] == formats[1] != formats[2]
    assert formats[0].startswith("eqxcore checkpoint ")


def test_two_checkpoints_are_compared_by_the_command(tmp_path, capsys):
    relu, gelu = (
        eqx.nn.MLP(2, 2, 3, 1, activation=act, key=KEY) for act in (jax.nn.relu, jax.nn.gelu)
    )
    eqx.save(tmp_path / "a.eqx", relu)
    eqx.save(tmp_path / "b.eqx", eqx.tree_at(".layers[0].bias", gelu, jnp.ones(3)))
    code = run(["diff", str(tmp_path / "a.eqx"), str(tmp_path / "b.eqx"), "--print"])
    said = capsys.readouterr().out
    assert code == 4
    assert ".activation" in said
    assert ".layers[0].bias" in said
    assert ".layers[0].weight" not in said


def test_a_file_that_is_neither_is_told(tmp_path):
    (tmp_path / "model.eqx").write_bytes(b"\x01\x02\x03\x04")
    with pytest.raises(UnreadableFile, match=r"holds no arrays.*begins with b'\\x01"):
        open_file(str(tmp_path / "model.eqx"))


def test_a_cut_checkpoint_shows_the_arrays_that_are_there(tmp_path):
    eqx.save(tmp_path / "model.eqx", [jnp.ones(3), jnp.ones(1000)])
    data = (tmp_path / "model.eqx").read_bytes()
    (tmp_path / "model.eqx").write_bytes(data[:1000])
    opened = open_file(str(tmp_path / "model.eqx"))
    assert "breaks off in array number 2" in str(opened.error)
    (tree,) = opened.trees
    assert tree.array_shape(1) == (3,)
    assert tree.values.fetch(tree, 1).sum() == 3
    assert tree.has_flag(2, Flag.PROBLEM)


def test_a_manifest_that_was_changed_is_told_and_the_arrays_shown(tmp_path):
    eqx.save(tmp_path / "model.eqx", {"weight": jnp.ones(3)})
    data = (tmp_path / "model.eqx").read_bytes()
    (tmp_path / "model.eqx").write_bytes(data.replace(b"['weight']", b"['weighT']"))
    opened = open_file(str(tmp_path / "model.eqx"))
    assert "not the one that was written" in str(opened.error)
    assert opened.trees[0].path(1) == "[<flat index 0>]"


def test_limits_hold(tmp_path):
    eqx.tree_serialise_leaves(tmp_path / "many.eqx", [1.0] * 100)
    opened = open_file(str(tmp_path / "many.eqx"), ReadOptions(limits=Limits(nodes=50)))
    assert "more than 50 arrays" in str(opened.error)
    eqx.save(tmp_path / "named.eqx", [1.0] * 100)
    opened = open_file(str(tmp_path / "named.eqx"), ReadOptions(limits=Limits(nodes=50)))
    assert len(opened.trees[0]) == 50
    opened = open_file(str(tmp_path / "named.eqx"), ReadOptions(limits=Limits(memory=10_000)))
    assert "--max-memory" in opened.error.hint


def test_opening_loads_neither_jax_nor_numpy(tmp_path):
    eqx.save(tmp_path / "state.eqx", STATE)
    code = (
        "import sys; from eqxview.readers import open_file; "
        f"opened = open_file({str(tmp_path / 'state.eqx')!r}); "
        "print(len(opened.trees[0]) > 20, {'jax', 'numpy', 'eqxcore'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True set()\n"


def test_both_readers_know_the_same_format():
    from eqxcore._files import _manifest, _trailer
    from eqxview.readers.eqx import manifest

    assert (manifest.BEGIN, manifest.END, manifest.TAIL, manifest.VERSION) == (
        _trailer.BEGIN,
        _trailer.END,
        _trailer.TAIL,
        _trailer.VERSION,
    )
    assert set(manifest._TEXTS) == _manifest.KINDS


@settings(deadline=None)
@given(st.data())
def test_a_file_with_changed_bytes_is_shown_or_refused_in_order(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "model.eqx"
    writer = data.draw(st.sampled_from([eqx.save, eqx.tree_serialise_leaves]))
    writer(path, {"w": jnp.ones(2), "key": jax.random.key(0), "n": 1})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        kept = data.draw(st.integers(0, 12))
        content[place : place + kept] = data.draw(st.binary(max_size=8))
    path.write_bytes(content)
    said = ""
    try:
        opened = open_file(str(path))
        for row in opened.trees[0].leaves():
            opened.trees[0].values.fetch(opened.trees[0], row)
    except EqxviewError as error:
        said = str(error)
    assert said.isprintable()
