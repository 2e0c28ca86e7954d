"""`tree_check` and `tree_flatten_one_level`."""

import jax.numpy as jnp
import jax.tree_util as jtu
import pytest
from pytrees import Layer

import eqxcore as eqx


@pytest.mark.parametrize(
    ("tree", "children"),
    [
        (1, [1]),
        (None, []),
        ([1, [2, 3]], [1, [2, 3]]),
        ({"b": 1, "a": (2,)}, [(2,), 1]),
        (Layer(1, 2, [3]), [1, [3]]),
        ([None, 1], [None, 1]),
    ],
)
def test_one_level_gives_the_children_and_builds_the_node_from_others(tree, children):
    found, treedef = eqx.tree_flatten_one_level(tree)
    assert found == children
    rebuilt = treedef.unflatten(found)
    assert jtu.tree_structure(rebuilt) == jtu.tree_structure(tree)


def cyclic():
    cycle = [1]
    cycle.append(cycle)
    return cycle


def test_a_node_that_contains_itself_is_refused():
    with pytest.raises(ValueError, match="contains itself"):
        eqx.tree_flatten_one_level(cyclic())
    with pytest.raises(ValueError, match=r"list at the root contains itself, at \[1\]"):
        eqx.tree_check(cyclic())
    inner = {}
    inner["a"] = [inner]
    with pytest.raises(ValueError, match=r"dict at \[0\] contains itself, at \[0\]\['a'\]\[0\]"):
        eqx.tree_check([inner])


def test_a_node_that_is_there_twice_is_refused_with_both_places():
    layer = Layer(jnp.ones(1), 1)
    with pytest.raises(ValueError, match=r"The same Layer is at \['a'\] and at \['b'\]\[0\]"):
        eqx.tree_check({"a": layer, "b": [layer]})


def test_shared_leaves_and_shared_nodes_without_leaves_are_fine():
    array, empty = jnp.ones(1), []
    eqx.tree_check([array, array, empty, empty, (), (), None, None, Layer(None, 1)])
