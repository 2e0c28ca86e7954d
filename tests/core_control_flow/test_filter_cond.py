"""`filter_cond`: what the branches get, what comes back, what fails."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)
X = jnp.arange(3.0)


class Layer(eqx.Module):
    weight: jax.Array
    activation: object
    name: str = eqx.field(static=True, default="layer")

    def __call__(self, x):
        return self.activation(self.weight * x)


LAYER = Layer(jnp.full(3, 2.0), jnp.tanh)


@pytest.mark.parametrize("pred", [True, np.True_, jnp.asarray(True), 1, jnp.asarray(2.0)], ids=repr)
def test_the_first_branch_is_taken_when_it_is_true(pred):
    out = eqx.filter_cond(pred, lambda layer, x: layer(x), lambda layer, x: x, LAYER, X)
    np.testing.assert_allclose(out, jnp.tanh(2 * X), rtol=1e-6)


@pytest.mark.parametrize("pred", [False, np.False_, jnp.asarray(False), 0], ids=repr)
def test_the_second_branch_is_taken_when_it_is_false(pred):
    out = eqx.filter_cond(pred, lambda layer, x: layer(x), lambda layer, x: x, LAYER, X)
    np.testing.assert_array_equal(out, X)


def test_modules_come_out_of_both_branches():
    def doubled(layer):
        return eqx.tree_at(lambda layer: layer.weight, layer, 2 * layer.weight)

    out = eqx.filter_cond(jnp.asarray(True), doubled, lambda layer: layer, LAYER)
    np.testing.assert_array_equal(out.weight, jnp.full(3, 4.0))
    assert out.activation is jnp.tanh
    assert out.name == "layer"


def test_what_is_no_array_passes_through():
    marker = object()
    out = eqx.filter_cond(True, lambda *all: all, lambda *all: all, X, marker, 1, "text", None)
    assert out[1:] == (marker, 1, "text", None)


def test_only_the_branch_that_is_chosen_is_run():
    ran = []

    def branch(name):
        def run(x):
            jax.debug.callback(lambda: ran.append(name))
            return x

        return run

    eqx.filter_jit(eqx.filter_cond)(jnp.asarray(False), branch("true"), branch("false"), X)
    jax.effects_barrier()
    assert ran == ["false"]


def test_each_element_of_a_batch_has_its_choice():
    choose = eqx.filter_vmap(
        lambda pred, x: eqx.filter_cond(pred, lambda x: (x, "name"), lambda x: (-x, "name"), x)
    )
    out, name = eqx.filter_jit(choose)(jnp.array([True, False, True]), X)
    np.testing.assert_array_equal(out, [0.0, -1.0, 2.0])
    assert name == "name"


def test_gradients_are_those_of_the_chosen_branch():
    def loss(layer, pred):
        return jnp.sum(eqx.filter_cond(pred, layer, lambda x: 3 * layer.weight * x, X))

    for pred in (True, False):
        gradient = eqx.filter_grad(loss)(LAYER, pred)
        expected = eqx.filter_grad(
            lambda layer, pred=pred: jnp.sum(layer(X) if pred else 3 * layer.weight * X)
        )(LAYER)
        np.testing.assert_allclose(gradient.weight, expected.weight, rtol=1e-6)
        assert gradient.activation is None


def test_modules_and_their_methods_are_branches():
    one, other = nn.Linear(3, 2, key=KEY), nn.MLP(3, 2, 4, 1, key=KEY)
    for pred, layer in ((True, one), (False, other)):
        np.testing.assert_allclose(eqx.filter_cond(pred, one, other, X), layer(X), rtol=1e-6)


def test_branches_are_traced_once_for_the_same_kind_of_operands():
    traces = []

    def true(x, name):
        traces.append(name)
        return x

    def false(x, name):
        traces.append(name)
        return -x

    for scale in (1.0, 2.0):
        eqx.filter_cond(True, true, false, scale * X, "name")
    assert traces == ["name", "name"]
    eqx.filter_cond(True, true, false, X, "other")
    assert traces == ["name", "name", "other", "other"]


def test_branches_that_differ_are_found_however_they_are_combined():
    """What JAX remembers of one branch must not hide what the other returns."""

    def one(x):
        return x, "one"

    def other(x):
        return x, "other"

    eqx.filter_cond(True, one, one, X)
    for _ in range(2):
        with pytest.raises(TypeError, match=r"result\[1\]"):
            eqx.filter_cond(True, one, other, X)
    assert eqx.filter_cond(False, other, other, X)[1] == "other"


def test_without_jit_one_branch_is_run():
    with jax.disable_jit():
        out = eqx.filter_cond(False, lambda x: x, lambda x: (-x, "name"), X)
    np.testing.assert_array_equal(out[0], -X)
    assert out[1] == "name"


def test_no_tracer_is_left_behind():
    def f(x):
        try:
            eqx.filter_cond(x[0] > 0, lambda x: x, lambda x: x[:2], x)
        except TypeError:
            return eqx.filter_cond(x[0] > 0, lambda x: (x, "a"), lambda x: (-x, "a"), x)

    with jax.checking_leaks():
        np.testing.assert_array_equal(eqx.filter_jit(f)(X)[0], -X)


def test_types_that_are_weak_and_not_agree():
    out = eqx.filter_cond(True, lambda x: jnp.asarray(1.0), lambda x: jnp.ones(()), X)
    assert (out, out.dtype) == (1.0, jnp.float32)


MISTAKES = {
    "other functions": (
        lambda: {"a": LAYER}, lambda: {"a": Layer(LAYER.weight, jnp.sin)},
        ("result['a'].activation", "tanh", "sin", "2 equal", "known only when the program runs",
         "return the same from both")),
    "other numbers": (
        lambda: (X, 1), lambda: (X, 2), ("result[1]  1", "2", "return an array, `jnp.asarray(1)`")),
    "a number and an array": (
        lambda: X[0], lambda: 0.0, ("f32[]", "0.0", "return an array, `jnp.asarray(0.0)`")),
    "other shapes": (
        lambda: X, lambda: X[:2], ("f32[3]", "f32[2]", "shape (3,)", "jnp.zeros((2,))")),
    "other dtypes": (
        lambda: X, lambda: X.astype(jnp.int32), ("f32[3]", "i32[3]", ".astype(jnp.float32)")),
    "other structures": (
        lambda: (X, X), lambda: [X, X], ("tuple of 2", "list of 2", "the same way from both")),
    "other static fields": (
        lambda: LAYER, lambda: Layer(X, jnp.tanh, "other"),
        ("result.name", "'layer'", "'other'")),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_results_that_differ_are_shown_side_by_side_with_the_fix(mistake):
    true, false, parts = MISTAKES[mistake]
    parts = ("true_fun", "false_fun", *parts)
    with pytest.raises(TypeError, match="(?s)" + ".*".join(map(re.escape, parts))):
        eqx.filter_cond(True, true, false)


@pytest.mark.parametrize(
    ("pred", "parts"),
    [
        (X > 0, ("bool[3]", "without axes", "jnp.any", "jnp.where")),
        ("text", ("a str", "bool(pred)")),
        (None, ("a NoneType", "bool(pred)")),
    ],
)
def test_a_predicate_that_is_not_one_truth_is_refused(pred, parts):
    with pytest.raises(TypeError, match="(?s)" + ".*".join(map(re.escape, parts))):
        eqx.filter_cond(pred, lambda: 1, lambda: 1)
