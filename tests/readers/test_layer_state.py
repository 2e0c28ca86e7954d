"""`nn.State` in a file: known as the node that it is, with the paths that JAX gives its leaves."""

import pickle

import equinox
import jax
import jax.numpy as jnp
import pytest

import eqxcore
from eqxview.readers import open_file
from eqxview.tree.kinds import ROLE_MARKS, Role
from eqxview.tree.live import tree_of


def stateful(library, *, named=True):
    def make():
        return {"bn": [library.nn.BatchNorm(3, "batch", mode="batch")], "bias": jnp.ones(2)}

    if named:
        return library.nn.make_with_state(make)()
    model = make()
    return model, library.nn.State(model)


def saved(path, value, protocol=5):
    path.write_bytes(pickle.dumps(value, protocol))
    return open_file(str(path)).trees[0]


def rows(tree):
    return [
        (tree.path(row), ROLE_MARKS[Role(tree.role[row])].word, tree.label(row))
        for row in range(len(tree))
    ]


@pytest.mark.parametrize("protocol", [2, 5])
@pytest.mark.parametrize("library", [eqxcore, equinox], ids=["eqxcore", "equinox"])
def test_a_saved_state_is_the_live_one(library, protocol, tmp_path):
    _, state = stateful(library)
    tree = saved(tmp_path / "state.pkl", state, protocol)
    assert rows(tree) == rows(tree_of(state))
    leaves = [path for path, role, _ in rows(tree) if role == "dynamic"]
    expected = jax.tree_util.tree_leaves_with_path(state)
    assert leaves == [jax.tree_util.keystr(path) for path, _ in expected]


def test_a_saved_model_and_its_state_leave_no_role_open(tmp_path):
    found = rows(saved(tmp_path / "model.pkl", stateful(eqxcore)))
    roles = {path: role for path, role, _ in found}
    assert roles["""[1]["dict['bn'][0].batch_counter"]"""] == "dynamic"
    assert "unknown" not in roles.values()


def test_unnamed_indices_are_told_by_where_they_were(tmp_path):
    _, state = stateful(eqxcore, named=False)
    found = rows(saved(tmp_path / "model.pkl", state))
    assert found == rows(tree_of(state))
    assert found[1][0] == "[<unnamed, dict['bn'][0].batch_counter>]"


def test_a_state_of_another_shape_is_shown_as_what_it_holds(tmp_path):
    """A state that was used up, and one that somebody made up."""
    _, state = stateful(equinox)
    used, state = state, state.update(state)
    tree = saved(tmp_path / "used.pkl", used)
    assert tree.label(0) == "State"

    # NEWOBJ of the class, then BUILD with the number 3.
    path = tmp_path / "made_up.pkl"
    path.write_bytes(b"\x80\x04ceqxcore.nn._state._state\nState\n)\x81K\x03b.")
    (tree,) = open_file(str(path)).trees
    assert tree.label(0) == "State"


def test_a_note_says_what_the_numbers_of_a_state_stand_for(tmp_path):
    """The paths are JAX's, which has numbers only; the names are in the file."""
    pair = stateful(equinox)
    tree = saved(tmp_path / "model.pkl", pair)
    state = tree.find("[1]")
    index = pair[0]["bn"][0].batch_state_index
    (note,) = tree.notes[state]
    numbers = [path for path, _ in jax.tree_util.tree_leaves_with_path(pair[1])]
    assert note.startswith(jax.tree_util.keystr(numbers[0][:1]))
    assert index.marker in note
