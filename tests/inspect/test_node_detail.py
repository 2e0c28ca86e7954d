"""What is said about one node."""

import jax.numpy as jnp
import numpy as np
from shapes_of_depth import nested

from eqxview.document import Facts, Note
from eqxview.inspect.node_detail import Ties, elided_path, node_detail
from eqxview.tree.live import tree_of

SHARED = jnp.zeros((5, 3))
TREE = tree_of(
    {
        "embed": SHARED,
        "layers": [{"w": np.zeros((2, 2), np.float16)}, {"w": None, "act": max}],
        "unembed": SHARED,
    }
)


def facts(path, tree=TREE):
    document = node_detail(tree, tree.find(path)).document()
    return {
        fact.name: fact.value
        for part in document.parts
        if isinstance(part, Facts)
        for fact in part.rows
    }


def test_an_array_is_told_by_type_shape_and_bytes():
    told = facts("['embed']")
    assert told["role"].startswith("● dynamic: ")
    assert told["array"] == "f32[5,3]"
    assert told["shape"] == "(5, 3)"
    assert told["elements"] == "15"
    assert told["bytes"] == "60 B, 88.2% of all"
    assert told["device"] == "cpu:0, not committed"


def test_a_shared_array_names_the_other_places():
    assert facts("['embed']")["tie"] == "~1: the same array as ['unembed']"
    assert facts("['unembed']")["tie"] == "~1: the same array as ['embed']"
    assert facts("['unembed']")["elements"] == "15"


def test_ties_are_gone_round():
    first, second = TREE.find("['embed']"), TREE.find("['unembed']")
    ties = Ties(TREE)
    assert (ties.next(first), ties.next(second), ties.next(0)) == (second, first, None)


def test_a_container_is_told_by_what_is_below_it():
    told = facts("['layers']")
    assert told["below"] == "2 containers, 1 dynamic leaf, 1 static leaf, 1 None"
    assert told["dtypes"] == "1 f16"
    assert told["leaves"] == "2, 1 array among them"


def test_a_static_leaf_says_how_it_is_hashed():
    told = facts("['layers'][1]['act']")
    assert told["value"] == "<function max>"
    assert told["hashing"] == "by identity: the same value made anew compiles again"


def test_notes_are_told():
    tree = tree_of({1: 0, "a": 0})
    notes = [p.text for p in node_detail(tree, 0).document().parts if isinstance(p, Note)]
    assert notes == ["JAX refuses this dict: its keys cannot be compared with each other"]


def test_a_path_of_fifty_thousand_steps_is_elided():
    tree = nested(50_000)
    path = elided_path(tree, len(tree) - 1, 60)
    assert path.startswith("[0][0][0]")
    assert "…" in path
    assert path.endswith("[0][0][0]")
    assert len(path) <= 60
