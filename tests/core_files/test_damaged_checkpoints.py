"""Checkpoints that break off, were changed, or lie: one clear error, and nothing is run."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eqxcore as eqx
from eqxcore._files._manifest import KINDS
from eqxcore._files._trailer import BEGIN, END

TREE = {"w": jnp.arange(6.0).reshape(2, 3), "n": 3, "act": "relu"}
LIKE = {"w": jnp.zeros((2, 3)), "n": 0, "act": "relu"}


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "model.eqx"
    eqx.save(path, TREE)
    return path


def with_manifest(path: Any, change: Callable[[dict[str, Any]], Any]) -> None:
    """Writes the file anew with another manifest, hash and all, as anyone could."""
    data = path.read_bytes()
    begin = data.index(BEGIN)
    manifest = json.loads(data[begin + len(BEGIN) : -48])
    text = change(manifest)
    if not isinstance(text, bytes):
        text = json.dumps(manifest if text is None else text).encode()
    tail = hashlib.sha256(text).digest() + len(text).to_bytes(8, "little") + END
    path.write_bytes(data[:begin] + BEGIN + text + tail)


def test_the_untouched_file_loads(checkpoint):
    with_manifest(checkpoint, lambda manifest: None)
    assert eqx.load(checkpoint, LIKE)["n"] == 3


def test_a_file_cut_anywhere_is_an_error(checkpoint, tmp_path):
    data = checkpoint.read_bytes()
    path = tmp_path / "cut.eqx"
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(eqx.CheckpointError, match="manifest"):
            eqx.load(path, LIKE)


def test_a_byte_changed_anywhere_is_an_error_or_changes_nothing(checkpoint, tmp_path):
    data = checkpoint.read_bytes()
    path = tmp_path / "flipped.eqx"
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])
        with pytest.raises(eqx.CheckpointError):
            eqx.load(path, LIKE)


def test_a_file_without_names_says_how_to_load_it(tmp_path):
    eqx.tree_serialise_leaves(tmp_path / "plain.eqx", TREE)
    with pytest.raises(eqx.CheckpointError, match=r"tree_deserialise_leaves\(path, like\)"):
        eqx.load(tmp_path / "plain.eqx", LIKE)


@pytest.mark.parametrize("data", [b"", b"x", b"\x80\x04N.", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_checkpoint_is_an_error(data, tmp_path):
    (tmp_path / "a.eqx").write_bytes(data)
    with pytest.raises(eqx.CheckpointError, match="no checkpoint"):
        eqx.load(tmp_path / "a.eqx", LIKE)


def test_a_file_that_is_not_there_is_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        eqx.load(tmp_path / "none.eqx", LIKE)


def set_in(place: int, **values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda manifest: manifest["nodes"][place].update(values)


# In the order of the nodes: the dict, "act", "n", "w".
LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no JSON": lambda manifest: b"{",
    "not in UTF-8": lambda manifest: b'"\xff"',
    "nested without end": lambda manifest: b"[" * 100_000,
    "a list": lambda manifest: [],
    "another format": lambda manifest: {**manifest, "format": "other"},
    "a later version": lambda manifest: {**manifest, "version": 2},
    "no nodes": lambda manifest: {**manifest, "nodes": []},
    "nodes that are text": lambda manifest: {**manifest, "nodes": "abc"},
    "a node that is a number": lambda manifest: {**manifest, "nodes": [5]},
    "an unknown kind": set_in(1, kind="call"),
    "a kind that is a list": set_in(1, kind=["number"]),
    "the kind of another node": set_in(1, kind="number"),
    "no parent": lambda manifest: manifest["nodes"][1].pop("parent") and None,
    "its own parent": set_in(1, parent=1),
    "a later parent": set_in(1, parent=2),
    "a negative parent": set_in(1, parent=-1),
    "a parent that is true": set_in(2, parent=True),
    "an entry that is a number": set_in(1, entry=5),
    "two of the same entry": set_in(1, entry="['n']"),
    "no class": set_in(3, **{"class": None}),
    "no dtype": set_in(3, dtype=None),
    "a shape that is text": set_in(3, shape="23"),
    "a negative shape": set_in(3, shape=[2, -3]),
    "a fractional shape": set_in(3, shape=[2.0, 3]),
    "a record before the file": set_in(3, offset=-1),
    "a record behind the file": set_in(3, offset=10**9),
    "a record that is too long": set_in(3, length=10**9),
    "a record of a fractional length": set_in(3, length=1.5),
    "a record that is cut": set_in(3, length=100),
    "another record": set_in(3, offset=0),
    "another hash": set_in(3, sha256="0" * 64),
}


@pytest.mark.parametrize("name", LIES)
def test_a_manifest_that_lies_is_an_error(name, checkpoint):
    with_manifest(checkpoint, LIES[name])
    with pytest.raises(eqx.CheckpointError) as caught:
        eqx.load(checkpoint, LIKE)
    assert str(checkpoint) in str(caught.value)


def test_a_record_with_a_lying_header_is_an_error(checkpoint):
    data = checkpoint.read_bytes()
    begin = data.index(b"'shape': (2, 3)")
    lied = data[:begin] + b"'shape': (2,30)" + data[begin + 15 :]
    start = data.rindex(b"\x93NUMPY")
    digest = hashlib.sha256(lied[start : data.index(BEGIN)]).hexdigest()
    checkpoint.write_bytes(lied)
    with_manifest(checkpoint, set_in(3, sha256=digest))
    with pytest.raises(eqx.CheckpointError, match=r"\['w'\].*breaks off"):
        eqx.load(checkpoint, LIKE)


def test_a_record_of_objects_is_not_unpickled(checkpoint, tmp_path):
    with (tmp_path / "evil.npy").open("wb") as file:
        np.save(file, np.array([Bomb()], object))
    record = (tmp_path / "evil.npy").read_bytes()
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(record + data[data.index(BEGIN) :])
    lie = {"offset": 0, "length": len(record), "sha256": hashlib.sha256(record).hexdigest()}

    def point_there(manifest: dict[str, Any]) -> None:
        for place in (2, 3):
            manifest["nodes"][place].update(lie)

    with_manifest(checkpoint, point_there)
    with pytest.raises(eqx.CheckpointError, match="unpickled"):
        eqx.load(checkpoint, LIKE)


class Bomb:
    def __reduce__(self):
        return _explode, ()


def _explode():
    raise AssertionError("code of the file was run")


def test_names_of_the_manifest_are_not_imported(checkpoint):
    with_manifest(checkpoint, set_in(1, **{"class": "antigravity.Model", "text": "os.system"}))
    with pytest.raises(eqx.CheckpointMismatch, match=r"os\.system"):
        eqx.load(checkpoint, LIKE)


KEYS = (
    *("parent", "entry", "kind", "class", "dtype", "shape", "weak", "impl", "text", "form"),
    *("offset", "length", "sha256"),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(sorted(KINDS)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("k"), inner, max_size=1),
    max_leaves=3,
)


def test_texts_of_the_file_do_not_act_on_the_terminal(checkpoint):
    screen = "\x1b]52;c;x\x07\u202e"

    def act(manifest: dict[str, Any]) -> None:
        manifest["nodes"][1].update(text=screen)
        manifest["nodes"][2].update(entry=screen)
        manifest["nodes"][3].update(dtype=screen)

    with_manifest(checkpoint, act)
    with pytest.raises(eqx.CheckpointMismatch) as caught:
        eqx.load(checkpoint, LIKE)
    assert all(line.isprintable() for line in str(caught.value).splitlines())


@settings(deadline=None)
@given(st.integers(0, 3), st.sampled_from(KEYS), ANYTHING)
def test_whatever_stands_in_a_node_is_an_error_or_harmless(tmp_path_factory, place, key, value):
    path = tmp_path_factory.mktemp("node") / "model.eqx"
    eqx.save(path, TREE)
    with_manifest(path, set_in(place, **{key: value}))
    with contextlib.suppress(eqx.CheckpointError):
        assert eqx.load(path, LIKE)["n"] == 3
