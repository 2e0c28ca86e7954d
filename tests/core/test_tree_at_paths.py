"""`tree_at` by key path."""

from typing import Any

import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytrees import pytrees

import eqxcore as eqx
from eqxcore._trees._key_path import all_paths, children_of, follow

MODEL = eqx.nn.MLP(2, 2, 3, 2, key=jax.random.PRNGKey(0))
NEW = jnp.full((3, 3), 7.0)


class Leafy(eqx.Module):
    a: Any
    b: Any = None
    c: Any = None
    size: int = eqx.field(static=True, default=3)


@jax.tree_util.register_pytree_node_class
class Plain:
    """Registered without keys."""

    def __init__(self, *items: Any) -> None:
        self.items = items

    def tree_flatten(self):
        return self.items, None

    @classmethod
    def tree_unflatten(cls, _: None, items: Any) -> "Plain":
        return cls(*items)


SAME = {
    ".layers[1].weight": lambda m: m.layers[1].weight,
    ".layers[1]": lambda m: m.layers[1],
    ".activation": lambda m: m.activation,
    "": lambda m: m,
}


@pytest.mark.parametrize("path", SAME)
def test_a_path_is_the_function_that_goes_there(path):
    by_path = eqx.tree_at(path, MODEL, NEW)
    by_function = eqx.tree_at(SAME[path], MODEL, NEW)
    assert bool(eqx.tree_equal(by_path, by_function))


def test_what_stands_there_may_be_changed_by_a_function():
    changed = eqx.tree_at(".layers[0].bias", MODEL, replace_fn=lambda bias: bias + 1)
    assert jnp.array_equal(changed.layers[0].bias, MODEL.layers[0].bias + 1)


@pytest.mark.parametrize("kind", [list, tuple])
def test_several_paths_take_as_many_values(kind):
    paths = kind([".layers[0].weight", ".layers[1]"])
    changed = eqx.tree_at(paths, MODEL, (1, 2))
    assert (changed.layers[0].weight, changed.layers[1]) == (1, 2)
    with pytest.raises(ValueError, match="returned 2, and `replace` has 3"):
        eqx.tree_at(paths, MODEL, (1, 2, 3))


def test_one_path_in_a_list_takes_one_value_in_a_list():
    assert eqx.tree_at([".a"], Leafy(1), [2]).a == 2


def test_dict_keys_may_be_quoted_either_way():
    tree = {"a": {"b.c": 1}}
    assert eqx.tree_at("['a']['b.c']", tree, 9)["a"]["b.c"] == 9
    assert eqx.tree_at('["a"]["b.c"]', tree, 9)["a"]["b.c"] == 9
    assert eqx.tree_at("[('x', 1)]", {("x", 1): 3, ("x", 0): 4}, 9)["x", 1] == 9


def test_each_none_has_a_path_of_its_own():
    changed = eqx.tree_at(".c", Leafy(None), 5)
    assert (changed.a, changed.b, changed.c) == (None, None, 5)
    changed = eqx.tree_at([".a", ".c"], Leafy(None), (1, 2))
    assert (changed.a, changed.b, changed.c) == (1, None, 2)


def test_the_same_array_in_two_places_is_told_apart():
    shared = jnp.ones(2)
    changed = eqx.tree_at(".b", Leafy(shared, shared), 0)
    assert changed.a is shared
    assert changed.b == 0


def test_a_class_without_keys_is_numbered():
    changed = eqx.tree_at("[<flat index 1>]", Plain(1, 2), 9)
    assert changed.items == (1, 9)


def test_a_path_works_under_jit_and_grad():
    @eqx.filter_jit
    @eqx.filter_grad
    def grads(model, x):
        model = eqx.tree_at(".layers[0].weight", model, replace_fn=lambda w: 2 * w)
        return model(x).sum()

    def doubled(model, x):
        model = eqx.tree_at(lambda m: m.layers[0].weight, model, replace_fn=lambda w: 2 * w)
        return model(x).sum()

    x = jnp.ones(2)
    assert bool(eqx.tree_equal(grads(MODEL, x), eqx.filter_grad(doubled)(MODEL, x), rtol=1e-5))


ERRORS = {
    ".layers[0].wieght": r"\.layers\[0\] is a Linear, which holds \.weight, \.bias.*nearest.*"
    r"'\.layers\[0\]\.weight'",
    ".layers[9]": r"\.layers is a tuple, which holds \[0\], \[1\], \[2\]",
    ".layers[0].weight.T": r"\.layers\[0\]\.weight is a .*Array.*, which has nothing inside",
    "layers[0].weight": r"The root is a MLP.*nearest.*'\.layers\[0\]\.weight'",
    ".layers[0].in_features": r"\.in_features is a static field of Linear.*dataclasses\.replace",
    ".layersx": r"nearest.*'\.layers'",
}


@pytest.mark.parametrize("path", ERRORS)
def test_a_path_that_leads_nowhere_is_told_with_the_nearest(path):
    with pytest.raises(ValueError, match=ERRORS[path]):
        eqx.tree_at(path, MODEL, 0)


@pytest.mark.parametrize("where", [5, None, [".a", 5], {".a": 1}])
def test_where_that_is_neither_is_an_error(where):
    with pytest.raises(TypeError, match="Expected a function from the pytree"):
        eqx.tree_at(where, Leafy(1), 2)


def test_a_path_inside_another_is_an_error():
    with pytest.raises(ValueError, match="together with something inside it"):
        eqx.tree_at([".a", ".a[0]"], Leafy([1, 2]), (1, 2))


@settings(deadline=None)
@given(pytrees)
def test_every_leaf_is_found_at_the_path_that_jax_prints(tree):
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        assert follow(tree, jax.tree_util.keystr(path)) is leaf


@settings(deadline=None)
@given(pytrees, st.data())
def test_replacing_by_any_path_replaces_that_and_nothing_else(tree, data):
    paths = list(all_paths(tree))
    if not paths:
        assert children_of(tree) == []
        return
    path = data.draw(st.sampled_from(paths))
    changed = eqx.tree_at(path, tree, "new")
    assert follow(changed, path) == "new"
    outside = [
        (jax.tree_util.keystr(p), leaf)
        for p, leaf in jax.tree_util.tree_leaves_with_path(tree)
        if not jax.tree_util.keystr(p).startswith(path)
    ]
    for other, leaf in outside:
        assert follow(changed, other) is leaf
