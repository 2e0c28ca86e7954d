"""`filter_grad`, `filter_value_and_grad`, `apply_updates`: what is differentiated, what fails."""

import inspect

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytrees import pytrees

import eqxcore as eqx

KEY = jax.random.key(0)


def total(tree, *args, **kwargs):
    return sum((jnp.sum(x**2) for x in jax.tree.leaves(tree) if eqx.is_inexact_array(x)), 0.0)


class Model(eqx.Module):
    weight: jax.Array
    steps: jax.Array
    rate: float
    name: str = eqx.field(static=True)

    @eqx.filter_grad
    def gradient(self, x):
        return jnp.sum(self.weight * x)

    @eqx.filter_value_and_grad(has_aux=True)
    def value_and_gradient(self, x):
        return jnp.sum(self.weight * x), self.name


def model():
    return Model(jnp.array([1.0, 2.0]), jnp.arange(2), 0.1, "name")


def test_only_floating_arrays_have_a_gradient_and_the_rest_is_none():
    grad = eqx.filter_grad(total)(model())
    assert type(grad) is Model
    np.testing.assert_array_equal(grad.weight, [2.0, 4.0])
    assert grad.steps is None
    assert grad.rate is None
    assert grad.name == "name"


def test_numpy_arrays_are_differentiated_and_python_floats_are_not():
    tree = {"numpy": np.ones(2, np.float32), "python": 1.0, "flag": True, "complex": None}
    grad = eqx.filter_grad(total)(tree)
    np.testing.assert_array_equal(grad["numpy"], [2.0, 2.0])
    assert grad["python"] is grad["flag"] is grad["complex"] is None


def test_the_function_sees_what_it_was_given():
    seen = []

    def loss(tree, other, *, flag):
        seen.append((tree["fn"], other, flag))
        return jnp.sum(tree["x"])

    other = object()
    eqx.filter_grad(loss)({"x": jnp.ones(2), "fn": jnp.tanh}, other, flag="flag")
    assert seen == [(jnp.tanh, other, "flag")]


def test_the_value_comes_first():
    value, grad = eqx.filter_value_and_grad(total)(model())
    assert value == 5.0
    np.testing.assert_array_equal(grad.weight, [2.0, 4.0])


def test_an_auxiliary_output_may_be_any_object():
    marker = object()

    def loss(x):
        return jnp.sum(x), marker

    x = jnp.ones(2)
    grad, aux = eqx.filter_grad(loss, has_aux=True)(x)
    assert aux is marker
    (value, aux), grad = eqx.filter_value_and_grad(loss, has_aux=True)(x)
    assert aux is marker
    assert value == 2.0
    np.testing.assert_array_equal(grad, jnp.ones(2))


def test_methods_are_differentiated_in_self():
    x = jnp.array([3.0, 4.0])
    grad = model().gradient(x)
    assert type(grad) is Model
    np.testing.assert_array_equal(grad.weight, x)
    (value, aux), grad = model().value_and_gradient(x)
    assert (float(value), aux) == (11.0, "name")
    np.testing.assert_array_equal(grad.weight, x)
    assert isinstance(model().gradient, eqx.Partial)
    np.testing.assert_array_equal(Model.gradient(model(), x).weight, x)


def test_a_decorator_with_arguments_and_one_without_are_the_same():
    decorated = eqx.filter_grad(has_aux=False)(total)
    np.testing.assert_array_equal(decorated(jnp.ones(2)), eqx.filter_grad(total)(jnp.ones(2)))


def test_the_wrapper_looks_like_the_function():
    wrapped = eqx.filter_value_and_grad(total)
    assert wrapped.__wrapped__ is total
    assert wrapped.__name__ == "total"
    assert inspect.signature(wrapped) == inspect.signature(total)
    assert wrapped == eqx.filter_value_and_grad(total)


def test_wrapping_the_same_function_again_does_not_retrace():
    traces = []

    def loss(x):
        traces.append(1)
        return jnp.sum(x)

    for _ in range(3):
        eqx.filter_jit(eqx.filter_grad(loss))(jnp.ones(2))
    assert len(traces) == 1


def test_it_works_under_jit_vmap_and_itself():
    x = jnp.array([1.0, 2.0])
    np.testing.assert_array_equal(jax.jit(eqx.filter_grad(total))(x), 2 * x)
    np.testing.assert_array_equal(eqx.filter_vmap(eqx.filter_grad(total))(x), 2 * x)

    def outer(x):
        return jnp.sum(eqx.filter_grad(total)(x))

    np.testing.assert_array_equal(eqx.filter_grad(outer)(x), [2.0, 2.0])


def test_complex_arguments_want_holomorphic():
    x = jnp.ones(2, jnp.complex64)
    grad = eqx.filter_grad(lambda x: jnp.sum(x**2), holomorphic=True)(x)
    np.testing.assert_array_equal(grad, 2 * x)
    with pytest.raises(TypeError, match="holomorphic=True"):
        eqx.filter_grad(lambda x: jnp.sum(x**2))(x)


def test_a_pytree_without_leaves_has_an_empty_gradient():
    """A model all of whose parameters are frozen: its partition is one of `None`s."""
    frozen = eqx.filter(model(), lambda _: False)
    value, grad = eqx.filter_value_and_grad(lambda m: jnp.asarray(3.0))(frozen)
    assert value == 3.0
    assert jax.tree.leaves(grad) == []
    assert type(grad) is Model


@pytest.mark.parametrize(
    "tree", [1.0, 3, None, "text", {"ints": np.arange(3), "fn": jnp.tanh, "float": 0.5}]
)
def test_where_nothing_is_an_array_of_floats_the_gradient_is_none_as_in_equinox(tree):
    """A program may differentiate a part of a model, and all of that part be frozen."""

    def loss(_):
        return jnp.asarray(3.0)

    for lib in (eqx, equinox):
        value, grad = lib.filter_value_and_grad(loss)(tree)
        assert value == 3.0
        assert grad == jax.tree.map(lambda _: None, tree)
        assert lib.filter_grad(loss)(tree) == grad


@settings(max_examples=30, deadline=None)
@given(pytrees, st.booleans())
def test_the_gradient_has_the_structure_of_the_argument(tree, has_aux):
    tree = (tree, jnp.ones(1))
    real = jax.tree.map(lambda x: None if np.iscomplexobj(x) else x, tree)

    def loss(tree):
        value = sum(
            (jnp.sum(x).astype(float) for x in jax.tree.leaves(tree) if eqx.is_inexact_array(x)),
            jnp.zeros(()),
        )
        return (value, "aux") if has_aux else value

    out = eqx.filter_grad(loss, has_aux=has_aux)(real)
    grad = out[0] if has_aux else out
    wanted = eqx.filter(real, eqx.is_inexact_array)
    assert jax.tree.structure(grad) == jax.tree.structure(wanted)
    for g, x in zip(jax.tree.leaves(grad), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_array_equal(g, jnp.ones_like(x))


@pytest.mark.parametrize("make", [lambda lib: lib.nn.MLP(2, 1, 4, 2, key=KEY)])
def test_gradients_of_a_model_are_equinoxs(make):
    x = jnp.array([[0.5, -1.0], [2.0, 0.1]])

    def loss(model, x):
        return jnp.mean(jax.vmap(model)(x) ** 2)

    grads = [
        jax.tree_util.tree_leaves_with_path(lib.filter_grad(loss)(make(lib), x))
        for lib in (eqx, equinox)
    ]
    for (path, ours), (their_path, theirs) in zip(*grads, strict=True):
        assert jax.tree_util.keystr(path) == jax.tree_util.keystr(their_path)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


MISTAKES = {
    "no argument": (lambda: eqx.filter_grad(total)(), TypeError, "must have at least one"),
    "keywords only": (
        lambda: eqx.filter_grad(total)(tree=jnp.ones(2)), TypeError, "passed by position"),
    "argnums": (lambda: eqx.filter_grad(total, argnums=1), ValueError, "(?s)argnums=1.*one arg"),
    "an unknown keyword": (
        lambda: eqx.filter_value_and_grad(total, holomorph=True), TypeError,
        "(?s)`holomorph`.*`holomorphic`"),
    "an array for output": (
        lambda: eqx.filter_grad(lambda x: x)(jnp.ones(2)), TypeError,
        r"(?s)float32\[2\].*scalar.*jnp.mean"),
    "a pair for output": (
        lambda: eqx.filter_grad(lambda x: (jnp.sum(x), 1))(jnp.ones(2)), TypeError,
        "(?s)a tuple of 2.*has_aux=True"),
    "no pair for output": (
        lambda: eqx.filter_grad(jnp.sum, has_aux=True)(jnp.ones(2)), TypeError,
        r"(?s)float32\[\].*a pair, `\(value, aux\)`"),
    "an integer for output": (
        lambda: eqx.filter_grad(lambda x: 3)(jnp.ones(2)), TypeError, "real-valued"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_the_fix(mistake):
    make, error, pattern = MISTAKES[mistake]
    with pytest.raises(error, match=pattern):
        make()


def test_apply_updates_adds_and_keeps_what_has_none():
    m = model()
    grads = eqx.filter_grad(total)(m)
    new = eqx.apply_updates(m, jax.tree.map(lambda g: -0.5 * g, grads))
    np.testing.assert_array_equal(new.weight, [0.0, 0.0])
    assert new.steps is m.steps
    assert new.rate == 0.1
    part = {"a": [object()], "b": 1.0}
    updated = eqx.apply_updates(part, {"a": None, "b": 2.0})
    assert updated["a"] is part["a"]
    assert updated["b"] == 3.0


def test_updates_of_another_structure_are_refused():
    with pytest.raises(ValueError, match="'b'"):
        eqx.apply_updates({"a": jnp.ones(2)}, {"b": jnp.ones(2)})
    with pytest.raises(TypeError, match="None"):
        eqx.apply_updates({"a": None}, {"a": jnp.ones(2)})
