"""A pickled pytree, opened, is the tree of the live object."""

import pickle

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytrees import pytrees

from eqxview.readers import open_file
from eqxview.tree import Flag, Hashing, Kind, Role
from eqxview.tree.live import tree_of

NOT_IN_A_FILE = Flag.COMMITTED
"""Where an array lived: its device, its sharding, and whether it was committed to them."""


def rows(tree):
    """Everything that a tree says of its nodes, but what no file holds."""
    return [
        {
            "path": tree.path(row),
            "kind": Kind(tree.kind[row]),
            "role": Role(tree.role[row]),
            "type": tree.types[tree.type[row]],
            "text": tree.value_text(row),
            "dtype": tree.dtype_name(row),
            "shape": tree.array_shape(row),
            "bytes": tree.nbytes[row],
            "elements": tree.size[row],
            "flags": Flag(tree.flags[row]) & ~NOT_IN_A_FILE,
            "hashing": Hashing(tree.hashing[row]),
            "tie": tree.ties.get(row),
            "notes": tree.notes.get(row, []),
        }
        for row in range(len(tree))
    ]


def pickled(pytree, protocol):
    """Plain where that works, else by cloudpickle."""
    try:
        return pickle.dumps(pytree, protocol)
    except (pickle.PicklingError, TypeError, AttributeError):
        return cloudpickle.dumps(pytree, protocol)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("same") / "pytree.pkl"


@given(pytree=pytrees, protocol=st.integers(2, 5))
@settings(deadline=None)
def test_a_pickled_pytree_opens_as_the_tree_of_the_live_object(path, pytree, protocol):
    path.write_bytes(pickled(pytree, protocol))
    opened = open_file(str(path))
    assert opened.error is None
    assert opened.warnings == ()
    assert opened.hints == ()
    (tree,) = opened.trees
    assert rows(tree) == rows(tree_of(pytree))


@given(pytree=pytrees)
@settings(deadline=None, max_examples=25)
def test_the_oldest_protocols_give_the_same_tree(path, pytree):
    path.write_bytes(pickled(pytree, 0))
    oldest = open_file(str(path)).trees
    path.write_bytes(pickled(pytree, 1))
    assert [rows(tree) for tree in oldest] == [rows(tree) for tree in open_file(str(path)).trees]
    assert [rows(tree) for tree in oldest] == [rows(tree_of(pytree))]
