"""Reductions that see through `vmap`."""

import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eqxcore._unvmap import (
    unvmap_all,
    unvmap_all_p,
    unvmap_any,
    unvmap_any_p,
    unvmap_max,
    unvmap_max_p,
)

_REDUCTIONS = [
    (unvmap_any, eqxi.unvmap_any, np.array([[False, True], [False, False], [False, False]])),
    (unvmap_all, eqxi.unvmap_all, np.array([[True, True], [True, False], [True, True]])),
    (unvmap_max, eqxi.unvmap_max, np.array([[1, 2], [7, 0], [3, 3]])),
]


@pytest.mark.parametrize(("ours", "theirs", "x"), _REDUCTIONS)
def test_reduces_the_batch_with_everything_else(ours, theirs, x):
    for axis in (0, 1):
        got = jax.vmap(ours, in_axes=axis, out_axes=None)(x)
        assert got.shape == ()
        assert got == theirs(x)
        assert got.dtype == theirs(jnp.asarray(x)).dtype


@pytest.mark.parametrize(("ours", "_theirs", "x"), _REDUCTIONS)
def test_gives_the_same_eagerly_and_under_jit_and_under_nested_vmap(ours, _theirs, x):
    expected = ours(x)
    assert jax.jit(ours)(x) == expected
    nested = jax.vmap(jax.vmap(ours, out_axes=None), out_axes=None)
    assert jax.jit(nested)(x) == expected


def test_a_cond_on_the_result_stays_a_cond_under_vmap():
    def branch(x):
        return jax.lax.cond(unvmap_any(x > 2), jnp.sin, jnp.cos, x)

    x = jnp.arange(4.0)
    assert " cond[" in str(jax.make_jaxpr(jax.vmap(branch))(x))
    # One true element sends the whole batch down that branch.
    assert jnp.allclose(jax.vmap(branch)(x), jnp.sin(x))


def test_a_plain_cond_would_have_become_a_select():
    def branch(x):
        return jax.lax.cond(x > 2, jnp.sin, jnp.cos, x)

    assert " cond[" not in str(jax.make_jaxpr(jax.vmap(branch))(jnp.arange(4.0)))


def test_differentiating_around_a_reduction_leaves_the_gradient_alone():
    def loss(x):
        biggest = unvmap_max(x.astype(jnp.int32))
        return jnp.sum(jnp.where(unvmap_any(x > 1) & unvmap_all(x > 0), x * x, x)), biggest

    x = jnp.array([1.0, 3.0])
    gradient, biggest = jax.grad(loss, has_aux=True)(x)
    assert biggest == 3
    assert jnp.array_equal(gradient, 2 * x)
    tangents = jax.vmap(jax.grad(lambda y: loss(y)[0]))(jnp.stack([x, x]))
    assert jnp.array_equal(tangents, jnp.stack([2 * x, 2 * x]))


@pytest.mark.parametrize("numbers", [[1, 0], [0.0, 0.0], [2.5, 1.0]])
def test_numbers_are_true_unless_they_are_zero(numbers):
    x = jnp.array(numbers)
    for function, reference in ((unvmap_any, eqxi.unvmap_any), (unvmap_all, eqxi.unvmap_all)):
        assert function(x).dtype == jnp.bool_
        assert function(x) == reference(x)


def test_complex_numbers_have_no_largest():
    with pytest.raises(TypeError, match=r"`unvmap_max` got an array of complex64"):
        unvmap_max(1j)


def test_the_largest_may_be_a_float_but_not_be_differentiated():
    x = jnp.array([1.0, 3.0, 2.0])
    np.testing.assert_array_equal(jax.vmap(lambda x: x - unvmap_max(x))(x), x - 3)
    with pytest.raises(NotImplementedError, match="stop_gradient"):
        jax.grad(lambda x: unvmap_max(x) * jnp.sum(x))(x)
    constant = jax.grad(lambda x: unvmap_max(jax.lax.stop_gradient(x)) * jnp.sum(x))(x)
    np.testing.assert_array_equal(constant, jnp.full(3, 3.0))


def test_the_primitives_are_named_for_their_functions():
    for primitive, function in (
        (unvmap_any_p, unvmap_any),
        (unvmap_all_p, unvmap_all),
        (unvmap_max_p, unvmap_max),
    ):
        assert primitive.name == function.__name__


@settings(max_examples=20, deadline=None)
@given(hnp.arrays(np.bool_, st.tuples(st.integers(1, 3), st.integers(0, 3))))
def test_equals_numpy_on_the_whole_array_for_any_booleans(x):
    assert jax.vmap(unvmap_any, out_axes=None)(x) == np.any(x)
    assert jax.vmap(unvmap_all, out_axes=None)(x) == np.all(x)
