"""`filter_jvp`: tangents of any pytrees, `None` for what does not move, and what is refused."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytrees import pytrees

import eqxcore as eqx

TWO = jnp.array(2.0)
THREE = jnp.array(3.0)
VECTOR = jnp.array([1.0, 2.0])


class Model(eqx.Module):
    weight: jax.Array
    steps: jax.Array
    rate: float
    name: str = eqx.field(static=True)

    def __call__(self, x):
        return self.weight * x

    def scaled(self, x):
        return self.weight * x * self.rate


def model():
    return Model(VECTOR, jnp.arange(2), 0.5, "name")


def test_the_derivative_is_along_the_tangents():
    out, tangent = eqx.filter_jvp(lambda x, y: x * y, (TWO, THREE), (jnp.array(1.0), TWO))
    assert out == 6.0
    assert tangent == 3.0 + 4.0


def test_outputs_that_do_not_move_have_none():
    marker = object()

    def function(x, y):
        out = x * y, y, marker, x > 1, jnp.zeros(2), jax.lax.stop_gradient(x), 1.0, None
        return dict(zip("abcdefgh", out, strict=True))

    out, tangent = eqx.filter_jvp(function, (TWO, THREE), (jnp.array(1.0), None))
    assert tangent.pop("a") == 3.0
    assert set(tangent) == set("bcdefgh")
    assert all(value is None for value in tangent.values())
    assert (out["a"], out["b"], out["f"], out["g"], out["h"]) == (6.0, 3.0, 2.0, 1.0, None)
    assert out["c"] is marker
    assert type(out["g"]) is float


def test_python_floats_are_differentiated_when_they_have_a_tangent():
    out, tangent = eqx.filter_jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, None))
    assert (out, tangent) == (6.0, 3.0)
    seen = []
    eqx.filter_jvp(lambda x, y: seen.append(y), (2.0, 3.0), (1.0, None))
    assert seen == [3.0]
    assert type(seen[0]) is float


def test_without_any_tangent_the_function_is_simply_called():
    seen = []
    out, tangent = eqx.filter_jvp(lambda x: seen.append(x) or {"out": x}, (TWO,), (None,))
    assert seen[0] is TWO
    assert out["out"] is TWO
    assert tangent == {"out": None}


def test_modules_move_and_so_do_their_methods():
    move = Model(jnp.ones(2), None, None, "name")
    out, tangent = eqx.filter_jvp(lambda m, x: m(x), (model(), THREE), (move, None))
    np.testing.assert_array_equal(out, [3.0, 6.0])
    np.testing.assert_array_equal(tangent, [3.0, 3.0])
    _, tangent = eqx.filter_jvp(model().scaled, (VECTOR,), (jnp.ones(2),))
    np.testing.assert_array_equal(tangent, [0.5, 1.0])
    _, tangent = eqx.filter_jvp(lambda m: m, (model(),), (move,))
    assert type(tangent) is Model
    np.testing.assert_array_equal(tangent.weight, jnp.ones(2))
    assert tangent.steps is tangent.rate is None


def test_keyword_arguments_are_passed_on_and_do_not_move():
    out, tangent = eqx.filter_jvp(lambda x, *, k, f: (f(x) * k, k), (TWO,), (TWO,), k=THREE, f=abs)
    assert out == (6.0, 3.0)
    assert tangent[0] == 6.0
    assert tangent[1] is None


def test_a_tangent_at_an_outer_level_is_none_at_the_inner_one():
    def outer(x):
        def inner(y):
            return x * y, x * 2.0, y * 2.0

        tangents = eqx.filter_jvp(inner, (THREE,), (jnp.array(1.0),))[1]
        assert tangents[1] is None
        return tangents[0], tangents[2]

    out, tangent = eqx.filter_jvp(outer, (TWO,), (jnp.array(1.0),))
    assert out == (2.0, 2.0)
    assert tangent[0] == 1.0
    assert tangent[1] is None


def test_what_an_inner_level_moves_along_may_move_itself():
    def first(x):
        return eqx.filter_jvp(lambda y: y**3, (x,), (jnp.ones_like(x),))[1]

    assert eqx.filter_jvp(first, (TWO,), (jnp.array(1.0),)) == (12.0, 12.0)
    assert jax.grad(first)(TWO) == 12.0
    assert eqx.filter_jvp(jax.grad(lambda y: y**3), (TWO,), (jnp.array(1.0),)) == (12.0, 12.0)


def test_it_works_under_jit_and_vmap():
    def derivative(x, t):
        (out, still), (moves, rests) = eqx.filter_jvp(lambda x: (x**2, "s"), (x,), (t,))
        assert still == "s"
        assert rests is None
        return out, moves

    ones = jnp.ones(2)
    for transformed in (eqx.filter_jit(derivative), eqx.filter_vmap(derivative)):
        out, moves = transformed(VECTOR, ones)
        np.testing.assert_array_equal(out, VECTOR**2)
        np.testing.assert_array_equal(moves, 2 * VECTOR)


def test_what_was_found_out_inside_leaves_no_trace_in_the_program():
    def derivative(x):
        return eqx.filter_jvp(jnp.sin, (x,), (jnp.ones_like(x),))[1]

    def plain(x):
        return jax.jvp(jnp.sin, (x,), (jnp.ones_like(x),))[1]

    assert str(jax.make_jaxpr(derivative)(TWO)) == str(jax.make_jaxpr(plain)(TWO))


def test_keys_and_integers_have_no_tangent_and_float0_is_none():
    key = jax.random.key(0)

    def function(key, n, x):
        return jax.random.normal(key) * x, n, key

    float0 = np.zeros((), jax.dtypes.float0)
    out, tangent = eqx.filter_jvp(function, (key, jnp.array(1), TWO), (None, float0, TWO))
    assert tangent[0] == out[0]
    assert tangent[1] is tangent[2] is None


def test_arrays_that_jax_does_not_know_are_handed_through():
    names = np.array(["a", "b"])
    out, moved = eqx.filter_jvp(lambda x, names: (2 * x, names), (TWO, names), (TWO, None))
    assert out[1] is names
    assert moved == (4.0, None)


def test_bfloat16_of_numpy_is_differentiable():
    x = np.ones(2, jnp.bfloat16)
    assert eqx.filter_jvp(lambda x: x * 2, (x,), (x,))[1].dtype == jnp.bfloat16


@settings(max_examples=25, deadline=None)
@given(pytrees, st.data())
def test_the_identity_hands_tangents_through_as_in_equinox(tree, data):
    def tangent_of(x):
        return jnp.ones_like(x) if eqx.is_inexact_array(x) and data.draw(st.booleans()) else None

    tangents = jax.tree.map(tangent_of, tree)
    out, moved = eqx.filter_jvp(lambda tree: tree, (tree,), (tangents,))
    assert jax.tree.structure(out) == jax.tree.structure(tree)
    assert jax.tree.structure(moved) == jax.tree.structure(tangents)
    # Equinox hands all arrays to JAX, which knows no arrays of text or of objects.
    if all(x.dtype.kind not in "SUO" for x in jax.tree.leaves(tree) if isinstance(x, np.ndarray)):
        _, theirs = equinox.filter_jvp(lambda tree: tree, (tree,), (tangents,))
        assert jax.tree.structure(moved) == jax.tree.structure(theirs)


ONE = jnp.array(1.0)
MISTAKES = {
    "integer primal": (
        (jnp.arange(2),), (jnp.ones(2),), TypeError,
        r"(?s)\[0\]: the primal is i32\[2\].*not differentiable.*`None`"),
    "integer tangent": ((TWO,), (1,), TypeError, "dtype int32, and the primal float32.*astype"),
    "other dtype": ((TWO,), (jnp.float16(1),), TypeError, "float16, and the primal float32"),
    "text": ((TWO,), ("t",), TypeError, "the tangent is 't'; expected an array like"),
    "other shape": (
        ({"a": (TWO,)},), ({"a": (VECTOR,)},), ValueError,
        r"(?s)\[0\]\['a'\]\[0\]: the tangent has shape \(2,\).*shape \(\).*broadcast_to"),
    "other structure": (
        ({"a": TWO, "b": 1},), ({"a": ONE},), ValueError, r"(?s)\['b'\].*\(missing\).*`None`"),
    "None for a subtree": (((TWO, TWO),), (None,), ValueError, "tuple of 2 +None"),
    "too many": ((TWO,), (ONE, ONE), ValueError, "tuple of 1 +tuple of 2"),
    "no sequence": (TWO, ONE, TypeError, r"for `primals`.*\(primal,\)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_the_fix(mistake):
    primals, tangents, error, pattern = MISTAKES[mistake]
    with pytest.raises(error, match=pattern):
        eqx.filter_jvp(lambda x: x, primals, tangents)
    with pytest.raises(error):
        equinox.filter_jvp(lambda x: x, primals, tangents)
