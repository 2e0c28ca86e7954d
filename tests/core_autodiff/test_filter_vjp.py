"""`filter_vjp`: cotangents of any pytrees, auxiliary outputs, and what is refused."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from pytrees import pytrees

import eqxcore as eqx

TWO = jnp.array(2.0)
VECTOR = jnp.array([1.0, 2.0])


class Model(eqx.Module):
    weight: jax.Array
    rate: float

    def __call__(self, x):
        return {"out": self.weight * x, "rate": self.rate, "steps": jnp.arange(2)}


def test_cotangents_go_back_to_arrays_and_everything_else_has_none():
    model = Model(VECTOR, 0.5)
    out, vjp = eqx.filter_vjp(lambda m, x, text: m(x), model, TWO, "text")
    np.testing.assert_array_equal(out["out"], [2.0, 4.0])
    assert out["rate"] == 0.5
    assert type(out["rate"]) is float
    np.testing.assert_array_equal(out["steps"], [0, 1])
    grads = vjp({"out": jnp.array([1.0, 10.0]), "rate": None, "steps": None})
    assert isinstance(grads, tuple)
    assert type(grads[0]) is Model
    np.testing.assert_array_equal(grads[0].weight, [2.0, 20.0])
    assert grads[0].rate is None
    assert grads[1] == 21.0
    assert grads[2] is None


def test_it_can_be_called_again():
    _, vjp = eqx.filter_vjp(jnp.sin, TWO)
    assert vjp(jnp.array(1.0)) == (jnp.cos(TWO),)
    np.testing.assert_allclose(vjp(TWO)[0], 2 * jnp.cos(TWO))


def test_an_auxiliary_output_may_be_any_object():
    marker = object()

    def function(x):
        return (x**2, 7), (marker, x * 3, jnp.arange(2))

    out, vjp, aux = eqx.filter_vjp(function, TWO, has_aux=True)
    assert out == (4.0, 7)
    assert vjp((jnp.array(1.0), None)) == (4.0,)
    assert aux[0] is marker
    assert aux[1] == 6.0
    np.testing.assert_array_equal(aux[2], [0, 1])


def test_methods_are_functions_like_any_other():
    _, vjp = eqx.filter_vjp(Model(VECTOR, 0.5).__call__, TWO)
    (grad,) = vjp({"out": jnp.ones(2), "rate": None, "steps": None})
    assert grad == 3.0


def test_without_anything_to_differentiate_the_cotangents_are_none():
    out, vjp = eqx.filter_vjp(lambda x: x, 3.0)
    assert out == 3.0
    assert vjp(None) == (None,)
    out, vjp = eqx.filter_vjp(lambda: TWO)
    assert vjp(jnp.array(1.0)) == ()


def test_the_vjp_is_a_pytree_that_goes_through_transformations():
    _, vjp = eqx.filter_vjp(lambda x: jnp.sin(x) * VECTOR, VECTOR)
    expected = jnp.cos(VECTOR) * VECTOR
    np.testing.assert_allclose(eqx.filter_jit(lambda f, x: f(x))(vjp, jnp.ones(2))[0], expected)
    made = eqx.filter_jit(lambda x: eqx.filter_vjp(jnp.sin, x)[1])(VECTOR)
    np.testing.assert_allclose(made(jnp.ones(2))[0], jnp.cos(VECTOR))
    mapped = eqx.filter_vmap(lambda x: eqx.filter_vjp(jnp.sin, x)[1])(VECTOR)
    (grads,) = eqx.filter_vmap(lambda f, x: f(x))(mapped, jnp.ones(2))
    np.testing.assert_allclose(grads, jnp.cos(VECTOR))


def test_it_is_differentiable_itself():
    def gradient(x):
        out, vjp = eqx.filter_vjp(lambda y: y**3, x)
        return vjp(jnp.ones_like(out))[0]

    assert jax.grad(gradient)(TWO) == 12.0
    assert eqx.filter_jvp(gradient, (TWO,), (jnp.array(1.0),)) == (12.0, 12.0)
    np.testing.assert_array_equal(jax.vmap(jax.grad(gradient))(VECTOR), 6 * VECTOR)


@settings(max_examples=25, deadline=None)
@given(pytrees)
def test_the_identity_hands_cotangents_back(tree):
    out, vjp = eqx.filter_vjp(lambda tree: tree, tree)
    assert jax.tree.structure(out) == jax.tree.structure(tree)
    cotangent = jax.tree.map(jnp.ones_like, eqx.filter(out, eqx.is_inexact_array))
    (grad,) = vjp(cotangent)
    assert jax.tree.structure(grad) == jax.tree.structure(cotangent)
    for x in jax.tree.leaves(grad):
        np.testing.assert_array_equal(x, jnp.ones_like(x))
    # Equinox hands all arrays to JAX, which knows no arrays of text or of objects.
    if all(x.dtype.kind not in "SUO" for x in jax.tree.leaves(tree) if isinstance(x, np.ndarray)):
        (theirs,) = equinox.filter_vjp(lambda tree: tree, tree)[1](cotangent)
        assert jax.tree.structure(theirs) == jax.tree.structure(grad)


def function(x):
    return x, 3, {"a": x * 2}


ONE = jnp.array(1.0)
MISTAKES = {
    "None for an array": ((ONE, None, {"a": None}), r"(?s)\[2\]\['a'\].*zeros_like"),
    "an array for an integer": ((ONE, ONE, {"a": ONE}), r"(?s)\[1\] +None +weak_f32\[\]"),
    "another structure": (ONE, "(?s)tuple of 3.*everything else `None`"),
    "another shape": ((ONE, None, {"a": VECTOR}), r"cotangent\[2\]\['a'\] .* is f32\[2\]"),
    "another dtype": ((jnp.float16(1), None, {"a": ONE}), r"cotangent\[0\] .* is f16\[\]"),
    "text": ((ONE, None, {"a": "text"}), r"cotangent\[2\]\['a'\] .* is 'text'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_cotangent_that_does_not_fit_is_named(mistake):
    cotangent, pattern = MISTAKES[mistake]
    _, vjp = eqx.filter_vjp(function, TWO)
    with pytest.raises(ValueError, match=pattern):
        vjp(cotangent)


def test_has_aux_wants_a_pair():
    with pytest.raises(TypeError, match=r"`function` returned tuple of 3.*`\(out, aux\)`"):
        eqx.filter_vjp(function, TWO, has_aux=True)


def test_numbers_are_cotangents_too():
    _, vjp = eqx.filter_vjp(jnp.sin, np.float32(2))
    assert vjp(1.0) == (jnp.cos(TWO),)
