"""A pickle that breaks off: what came before is shown, and where and why it ends is said."""

import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxview.errors import UnreadableFile
from eqxview.readers import open_file
from eqxview.tree.kinds import Kind


def model():
    return {
        "params": {
            "dense": {"kernel": jnp.ones((4, 2)), "bias": jnp.zeros(2)},
            "out": [np.arange(3.0), (1, "text", None), {"deep": {"er": jnp.asarray(1.5)}}],
        },
        "step": 3,
    }


class Linear(eqx.Module):
    weight: object
    bias: object
    size: int = eqx.field(static=True)


def opened(content, path):
    path.write_bytes(content)
    return open_file(str(path))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_cut_anywhere_the_readable_part_is_shown(protocol, tmp_path):
    """What is shown of the part is what is shown of the whole, at the same paths.

    But for the last three values: a name may become an attribute, an item one of a tuple.
    """
    content = pickle.dumps(model(), protocol)
    whole = opened(content, tmp_path / "whole.pkl").trees[0]
    sound = {facts(whole, row) for row in range(len(whole))}
    shown = 0
    for length in range(2, len(content)):
        found = opened(content[:length], tmp_path / "cut.pkl")
        for tree in found.trees:
            kept = [row for row in range(len(tree)) if tree.kind[row] != Kind.CUT]
            others = [row for row in kept if facts(tree, row) not in sound]
            assert len(others) <= 3, (length, [facts(tree, row) for row in others])
            assert all(tree.kind[row] in FRAGMENTS for row in others)
            # Never less than of a shorter part.
            assert len(kept) - len(others) >= shown
            shown = len(kept) - len(others)
    assert shown == len(whole)


FRAGMENTS = (Kind.TEXT, Kind.NUMBER, Kind.NONE, Kind.TUPLE, Kind.CLASS, Kind.FUNCTION, Kind.BOOL)


def facts(tree, row):
    return (tree.path(row), tree.kind[row], tree.array_shape(row), tree.value_text(row))


@pytest.mark.parametrize("protocol", range(6))
def test_cut_anywhere_it_is_said_where(protocol, tmp_path):
    content = pickle.dumps(model(), protocol)
    for length in range(2, len(content)):
        error = opened(content[:length], tmp_path / "cut.pkl").error
        assert error is not None
        assert error.offset is not None
        assert error.offset <= length
        assert "byte" in str(error)
        assert error.hint


def test_a_broken_model_shows_the_fields_that_were_read(tmp_path):
    content = pickle.dumps([Linear(jnp.ones((3, 2)), jnp.zeros(3), 3), Linear(1, 2, 3)])
    found = opened(content[: content.index(b"bias")], tmp_path / "cut.pkl")
    (tree,) = found.trees
    row = tree.find("[0].weight")
    assert row is not None
    assert tree.array_shape(row) == (3, 2)
    assert tree.kind[tree.find("[0]")] == Kind.MODULE


def test_the_first_970_of_a_thousand_arrays_are_shown(tmp_path):
    """Also where the end of the file is announced but was never written."""
    content = pickle.dumps({f"{i:04}": np.zeros(20_000) for i in range(1000)})
    found = opened(content[:155_200_000], tmp_path / "cut.pkl")
    assert found.trees[0].totals().arrays == 969
    assert str(found.error).startswith("160,000 bytes are announced at byte 155,")


def test_a_file_truncated_while_it_is_open_ends_in_an_error(tmp_path):
    """A memory map would end in SIGBUS here."""
    from eqxview.readers.byte_source import FileBytes
    from eqxview.readers.pickle.machine import Machine
    from eqxview.readers.pickle.opcodes import OPCODES

    path = tmp_path / "shrinks.pkl"
    path.write_bytes(pickle.dumps([np.zeros(200_000) for _ in range(5)]))
    source = FileBytes(str(path))
    with path.open("r+b") as file:
        file.truncate(2_000_000)
    with pytest.raises(UnreadableFile, match="breaks off"):
        Machine(source).run(OPCODES)
    source.close()


def test_nothing_readable_is_an_error_and_no_tree(tmp_path):
    found = opened(b"\x80\x04\x95", tmp_path / "short.pkl")
    assert found.trees == ()
    assert found.error is not None


def test_several_pickles_are_several_trees(tmp_path):
    content = b"".join(pickle.dumps(value) for value in ([1, 2], {"a": np.ones(2)}, "x"))
    found = opened(content, tmp_path / "three.pkl")
    assert [len(tree) for tree in found.trees] == [3, 2, 1]
    assert found.warnings == ("pickle.load reads only the first of the pickles in this file",)
    (tree,) = found.trees[1:2]
    assert (tree.values.fetch(tree, 1) == np.ones(2)).all()


def test_what_follows_the_pickle_and_is_none_is_told(tmp_path):
    content = pickle.dumps([1, 2])
    found = opened(content + b"hello", tmp_path / "more.pkl")
    assert found.error is None
    assert len(found.trees) == 1
    assert f"from byte {len(content)} on is no pickle" in found.warnings[0]


def test_a_name_that_no_model_needs_is_warned_of(tmp_path):
    found = opened(b"cposix\nsystem\n(Vtrue\ntR.", tmp_path / "evil.pkl")
    assert found.error is None
    assert found.imports == ("posix.system",)
    assert "posix.system" in found.warnings[0]
    assert "do not load" in found.warnings[0]


def test_an_honest_file_has_no_warnings(tmp_path):
    found = opened(pickle.dumps(model()), tmp_path / "model.pkl")
    assert found.warnings == ()
    assert "jax._src.array._reconstruct_array" in found.imports
    assert list(found.imports) == sorted(found.imports)
