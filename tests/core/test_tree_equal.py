"""`tree_equal`."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from pytrees import Layer, pytrees

import eqxcore as eqx

NAN = float("nan")
PAIRS = {
    "numbers": (1, 1.0),
    "bools": (1, True),
    "strings": ("a", "b"),
    "structures": ([1], (1,)),
    "lengths": ([1], [1, 2]),
    "jax": (jnp.ones(2), jnp.ones(2)),
    "jax values": (jnp.ones(2), jnp.zeros(2)),
    "shapes": (jnp.ones(2), jnp.ones((2, 1))),
    "dtypes": (jnp.ones(2), jnp.ones(2, int)),
    "jax and numpy": (jnp.ones(2), np.ones(2, np.float32)),
    "numpy": (np.ones(2), np.ones(2)),
    "numpy scalars": (np.float32(1), np.float32(1)),
    "array and number": (jnp.asarray(1.0), 1.0),
    "nan": (NAN, NAN),
    "nan arrays": (jnp.asarray(NAN), jnp.asarray(NAN)),
    "close": (jnp.asarray(1.0), jnp.asarray(1.0 + 1e-6)),
    "integers that are close": (jnp.asarray(10), jnp.asarray(11)),
    "keys": (jax.random.key(0), jax.random.key(0)),
    "other keys": (jax.random.key(0), jax.random.key(1)),
    "weak": (jnp.asarray(1.0), jnp.asarray(np.float32(1))),
    "functions": (jnp.sin, jnp.sin),
    "nested": ({"a": [jnp.ones(1), 2]}, {"a": [jnp.ones(1), 2]}),
    "none": (None, None),
}
OPTIONS = ({}, {"typematch": True}, {"rtol": 1e-3, "atol": 1e-3})


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("a", "b"), PAIRS.values(), ids=PAIRS.keys())
def test_it_says_what_equinox_says_in_the_same_type(a, b, options):
    ours, theirs = eqx.tree_equal(a, b, **options), equinox.tree_equal(a, b, **options)
    assert bool(ours) is bool(theirs)
    assert isinstance(ours, jax.Array) == isinstance(theirs, jax.Array)


def test_modules_are_equal_when_their_static_fields_are():
    assert eqx.tree_equal(Layer(1, 2), Layer(1, 2)) is True
    assert eqx.tree_equal(Layer(1, 2), Layer(1, 3)) is False


def test_all_of_several_must_be_equal():
    assert eqx.tree_equal(1, 1, 1) is True
    assert eqx.tree_equal(1, 1, 2) is False
    assert eqx.tree_equal(1) is True


def test_it_is_a_tracer_under_jit():
    assert bool(jax.jit(lambda x, y: eqx.tree_equal([x], [y]))(1.0, 1.0))
    assert not bool(jax.jit(lambda x, y: eqx.tree_equal([x], [y]))(1.0, 2.0))


@given(pytrees)
def test_every_pytree_equals_itself_rebuilt(tree):
    leaves, treedef = jax.tree.flatten(tree)
    assert bool(eqx.tree_equal(tree, treedef.unflatten(leaves)))
