"""Predicates, filter, partition, combine."""

from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytrees import leaves, pytrees

import eqxcore as eqx


class HasArray:
    def __jax_array__(self):
        return jnp.ones(2)


VALUES = {
    "jax": jnp.ones(2),
    "jax int": jnp.arange(2),
    "jax bool": jnp.ones(2, bool),
    "jax bfloat16": jnp.ones(2, jnp.bfloat16),
    "jax complex": jnp.ones(2, jnp.complex64),
    "key": jax.random.key(0),
    "numpy": np.ones(2),
    "numpy int": np.arange(2),
    "numpy bfloat16": np.ones(2, jnp.bfloat16),
    "numpy scalar": np.float32(1),
    "numpy int scalar": np.int8(1),
    "float": 1.0,
    "int": 1,
    "bool": True,
    "complex": 1j,
    "string": "a",
    "none": None,
    "struct": jax.ShapeDtypeStruct((2,), jnp.float32),
    "object": HasArray(),
    "function": jnp.sin,
    "list": [1.0],
}
PREDICATES = ["is_array", "is_array_like", "is_inexact_array", "is_inexact_array_like"]


@pytest.mark.parametrize("predicate", PREDICATES)
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_predicates_say_what_those_of_equinox_say(predicate, value):
    ours, theirs = getattr(eqx, predicate)(value), getattr(equinox, predicate)(value)
    assert bool(ours) is bool(theirs)
    assert type(ours) is bool


def test_predicates_take_tracers():
    @jax.jit
    def run(x):
        assert eqx.is_array(x)
        assert eqx.is_inexact_array(x)
        assert not eqx.is_inexact_array(x.astype(int))
        return x

    run(1.0)


class Model(eqx.Module):
    a: Any
    b: Any = None
    c: Any = eqx.field(static=True, default="c")


def test_filter_keeps_what_the_spec_accepts():
    tree = [1, jnp.ones(2), {"k": "s", "n": None}, Model(jnp.ones(1), 2)]
    kept = eqx.filter(tree, eqx.is_array)
    assert (kept[0], kept[2]) == (None, {"k": None, "n": None})
    assert kept[1] is tree[1]
    assert kept[3].a is tree[3].a
    assert kept[3].b is None
    assert kept[3].c == "c"
    inverse = eqx.filter(tree, eqx.is_array, inverse=True, replace="gone")
    assert inverse[:3] == [1, "gone", {"k": "s", "n": None}]


def test_a_spec_is_a_prefix_of_booleans_and_functions():
    tree = {"a": [1, "x"], "b": (2, "y"), "c": 3}
    spec = {"a": True, "b": lambda leaf: isinstance(leaf, str), "c": False}
    assert eqx.filter(tree, spec) == {"a": [1, "x"], "b": (None, "y"), "c": None}
    assert eqx.filter(tree, False) == {"a": [None, None], "b": (None, None), "c": None}
    assert eqx.partition(tree, True)[0] == tree


def test_the_truth_of_what_a_predicate_returns_counts():
    assert eqx.filter([0, 1, "", "a"], lambda leaf: leaf) == [None, 1, None, "a"]
    assert eqx.filter([1, 2], lambda leaf: np.bool_(leaf == 1)) == [1, None]


def test_none_is_never_asked_about_and_never_replaced():
    assert eqx.filter([None, 1], lambda leaf: leaf is not None, replace=0) == [None, 1]
    assert eqx.filter([None, 1], False, replace=0) == [None, 0]
    seen = []
    eqx.filter([None, 1], seen.append, is_leaf=lambda node: node is None)
    assert seen == [None, 1]


def test_a_module_of_booleans_is_a_spec_even_if_it_can_be_called():
    class Callable(Model):
        def __call__(self):
            raise AssertionError("asked")

    assert eqx.filter(Callable(1, 2), Callable(True, False)).a == 1


@pytest.mark.parametrize("bad", [np.bool_(True), 1, "yes", jnp.asarray(True)])
def test_a_spec_of_anything_else_is_refused_with_its_key_path(bad):
    with pytest.raises(ValueError, match=r"\['a'\]\[1\].*Expected True, False"):
        eqx.partition({"a": [1, 2]}, {"a": [True, bad]})


def test_a_spec_that_is_no_prefix_is_refused():
    with pytest.raises(ValueError):  # noqa: PT011  JAX's own message
        eqx.filter([1, 2], [True])


def test_combine_takes_the_first_that_is_not_none():
    assert eqx.combine([None, 0, False], [1, 2, 3]) == [1, 0, False]
    assert eqx.combine([None, None], [None, 2], [3, 4]) == [3, 2]
    assert eqx.combine(None, 1) == 1
    with pytest.raises(ValueError):  # noqa: PT011  JAX's own message
        eqx.combine([1], [1, 2])
    with pytest.raises(TypeError, match="no pytree"):
        eqx.combine()


def test_combine_can_be_told_what_a_leaf_is():
    combined = eqx.combine([[1]], [[2, 3]], is_leaf=lambda node: node in ([1], [2, 3]))
    assert combined == [[1]]


specs = st.sampled_from(PREDICATES).map(lambda name: getattr(eqx, name)) | st.booleans()


@given(pytrees, specs)
def test_partition_then_combine_is_the_identity(tree, spec):
    accepted, rejected = eqx.partition(tree, spec)
    combined = eqx.combine(accepted, rejected)
    assert jax.tree.structure(combined) == jax.tree.structure(tree)
    assert all(
        a is b for a, b in zip(jax.tree.leaves(combined), jax.tree.leaves(tree), strict=True)
    )


@given(pytrees, specs)
def test_every_leaf_is_on_one_side_of_a_partition(tree, spec):
    accepted, rejected = eqx.partition(tree, spec)
    count = len(jax.tree.leaves(tree))
    assert len(jax.tree.leaves(accepted)) + len(jax.tree.leaves(rejected)) == count
    assert jax.tree.structure(eqx.filter(tree, spec)) == jax.tree.structure(accepted)
    if callable(spec):
        assert all(map(spec, jax.tree.leaves(accepted)))
        assert not any(map(spec, jax.tree.leaves(rejected)))


@given(leaves)
def test_filtering_agrees_with_equinox_on_leaves(leaf):
    for predicate in PREDICATES:
        ours = eqx.filter(leaf, getattr(eqx, predicate))
        theirs = equinox.filter(leaf, getattr(equinox, predicate))
        assert (ours is None) == (theirs is None)
