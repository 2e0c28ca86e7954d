"""`filter_checkpoint`: the same results and gradients, from fewer saved values."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

TWO = jnp.array(2.0)
VECTOR = jnp.array([1.0, 2.0])


def saved_by(function, *args):
    """How many arrays the backward pass is handed."""
    return len(jax.tree.leaves(jax.vjp(function, *args)[1]))


def waves(x):
    for _ in range(3):
        x = jnp.sin(x)
    return x


class Model(eqx.Module):
    weight: jax.Array
    name: str

    def __call__(self, x, **kwargs):
        return waves(self.weight * x), self.name, kwargs

    @eqx.filter_checkpoint
    def method(self, x):
        return waves(self.weight * x)


def test_results_are_the_functions_and_less_is_saved():
    checkpointed = eqx.filter_checkpoint(waves)
    assert checkpointed(TWO) == waves(TWO)
    np.testing.assert_allclose(jax.grad(checkpointed)(TWO), jax.grad(waves)(TWO), rtol=1e-6)
    assert saved_by(checkpointed, TWO) < saved_by(waves, TWO)


def test_a_policy_says_what_is_saved_all_the_same():
    policy = jax.checkpoint_policies.everything_saveable
    saving = eqx.filter_checkpoint(waves, policy=policy)
    assert saved_by(saving, TWO) > saved_by(eqx.filter_checkpoint(waves), TWO)
    decorated = eqx.filter_checkpoint(prevent_cse=False, policy=policy)(waves)
    text = str(jax.make_jaxpr(jax.grad(decorated))(TWO))
    assert "prevent_cse=False" in text
    assert "everything_saveable" in text


def test_arguments_and_results_may_be_any_pytree():
    marker = object()
    model = eqx.filter_checkpoint(Model(TWO, "name"))
    out, name, kwargs = model(VECTOR, other=marker, things={1, 2}, n=3)
    np.testing.assert_allclose(out, waves(2 * VECTOR), rtol=1e-6)
    assert name == "name"
    assert kwargs["other"] is marker
    assert kwargs == {"other": marker, "things": {1, 2}, "n": 3}


def test_the_arrays_of_a_module_are_differentiated():
    def loss(model, x):
        return model(x)[0]

    model = Model(TWO, "name")
    grad = eqx.filter_grad(loss)(eqx.filter_checkpoint(model), TWO)
    expected = eqx.filter_grad(loss)(model, TWO)
    np.testing.assert_allclose(grad.__wrapped__.weight, expected.weight, rtol=1e-6)
    in_method = eqx.filter_grad(lambda m: m.method(TWO))(model)
    np.testing.assert_allclose(in_method.weight, expected.weight, rtol=1e-6)
    assert isinstance(model.method, eqx.Partial)


def test_tracers_may_be_closed_over():
    def outer(w, x):
        return eqx.filter_checkpoint(lambda x: waves(w * x))(x)

    expected = jax.grad(lambda w: waves(w * TWO))(TWO)
    with jax.checking_leaks():
        np.testing.assert_allclose(jax.grad(outer)(TWO, TWO), expected, rtol=1e-6)
        np.testing.assert_allclose(jax.jit(jax.grad(outer))(TWO, TWO), expected, rtol=1e-6)


def test_it_works_under_jit_vmap_and_differentiation():
    checkpointed = eqx.filter_checkpoint(waves)
    np.testing.assert_allclose(eqx.filter_jit(checkpointed)(TWO), waves(TWO), rtol=1e-6)
    np.testing.assert_allclose(eqx.filter_vmap(checkpointed)(VECTOR), waves(VECTOR), rtol=1e-6)
    second = jax.grad(jax.grad(waves))
    np.testing.assert_allclose(jax.grad(jax.grad(checkpointed))(TWO), second(TWO), rtol=1e-5)
    _, moves = eqx.filter_jvp(checkpointed, (TWO,), (jnp.array(1.0),))
    np.testing.assert_allclose(moves, jax.grad(waves)(TWO), rtol=1e-6)


def test_the_same_kind_of_call_is_traced_once():
    traces = []

    @eqx.filter_checkpoint
    def function(x, power):
        traces.append(power)
        return x**power

    for x, power in ((TWO, 2), (jnp.array(3.0), 2), (TWO, 3), (TWO, 2.0), (TWO, 2)):
        assert function(x, power) == x**power
    assert [(power, type(power)) for power in traces] == [(2, int), (3, int), (2.0, float)]


def test_the_wrapper_looks_like_the_function():
    wrapped = eqx.filter_checkpoint(waves)
    assert wrapped.__wrapped__ is waves
    assert wrapped.__name__ == "waves"
    assert wrapped == eqx.filter_checkpoint(waves)
    with pytest.raises(TypeError, match="static_argnums"):
        eqx.filter_checkpoint(waves, static_argnums=0)


def test_gradients_are_equinoxs():
    def loss(lib, x):
        return jnp.sum(lib.filter_checkpoint(lambda x, fn: (fn(waves(x)), "s"))(x, jnp.cos)[0])

    ours, theirs = (jax.grad(lambda x, lib=lib: loss(lib, x))(VECTOR) for lib in (eqx, equinox))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
