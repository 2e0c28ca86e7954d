"""What people keep in pytrees, opened from a pickle, is what the live tree shows for JAX."""

import pickle

import cloudpickle
import pytest
from held_values import HELD
from readers.test_same_tree import rows

from eqxview.readers import open_file
from eqxview.tree import Kind, Role
from eqxview.tree.live import tree_of


def seen_by_jax(tree):
    """The rows that are not inside of a leaf: there, files and live objects show what they can."""
    seen = [row for row in rows(tree) if row["role"] != Role.INSIDE]
    for row in seen:
        # Ties are numbered through the insides of leaves too.
        del row["tie"]
        if row["kind"] == Kind.FUNCTION:
            # A file may know a function by its public name: `jax.nn.relu`.
            del row["type"]
    return seen


@pytest.mark.parametrize("library", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
@pytest.mark.parametrize("name", HELD)
def test_what_people_hold_is_shown_as_it_is_alive(name, library, tmp_path):
    try:
        data = library.dumps(HELD[name])
    except (pickle.PicklingError, AttributeError):
        assert library is pickle
        pytest.skip("plain pickle refuses it, which is why people use cloudpickle")
    path = tmp_path / "held.pkl"
    path.write_bytes(data)
    opened = open_file(str(path))
    assert opened.error is None
    assert opened.hints == ()
    assert seen_by_jax(opened.trees[0]) == seen_by_jax(tree_of(HELD[name]))
