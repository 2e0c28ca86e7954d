"""Identities that refuse to be differentiated, batched or traced."""

import equinox.internal as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
import eqxcore.internal as eqxi

X = jnp.array([1.0, 2.0, 3.0])

IDENTITIES = [
    eqxi.nondifferentiable,
    eqxi.nondifferentiable_backward,
    eqxi.nonbatchable,
    eqxi.nontraceable,
]


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda fn: fn.__name__)
def test_anything_goes_through_as_it_is(identity):
    given = {"a": X, "b": jnp.arange(3), "c": "text", "d": 1.5, "e": None}
    for found in (identity(given), eqx.filter_jit(identity)(given)):
        assert found.keys() == given.keys()
        np.testing.assert_array_equal(found["a"], X)
        np.testing.assert_array_equal(found["b"], jnp.arange(3))
        assert (found["c"], found["d"], found["e"]) == ("text", 1.5, None)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda fn: fn.__name__)
def test_nothing_is_left_of_it_when_compiled(identity):
    compiled = jax.jit(lambda x: identity(x) + 1.0).lower(X).as_text()
    assert "custom_call" not in compiled
    np.testing.assert_array_equal(jax.jit(identity)(X), X)


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
@pytest.mark.parametrize("differentiate", [jax.jacfwd, jax.jacrev, jax.grad])
def test_nondifferentiable_is_refused_in_both_modes(module, differentiate):
    with pytest.raises(RuntimeError, match=r"Unexpected tangent\. the step cannot be auto"):
        differentiate(lambda x: jnp.sum(module.nondifferentiable(x, name="the step")))(X)
    with pytest.raises(RuntimeError, match=r"^my message\b"):
        differentiate(lambda x: jnp.sum(module.nondifferentiable(x, msg="my message")))(X)


@pytest.mark.parametrize("jit", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_nondifferentiable_lets_through_what_has_no_tangent(jit):
    def loss(x):
        constant = eqxi.nondifferentiable(X)
        stopped = eqxi.nondifferentiable(jax.lax.stop_gradient(x))
        rounded = eqxi.nondifferentiable(x.astype(jnp.int32)).astype(jnp.float32)
        return jnp.sum(x * constant * stopped * rounded)

    np.testing.assert_array_equal(jit(jax.grad(loss))(X), X**3)


def test_nondifferentiable_and_its_backward_form_are_batched():
    xs = jnp.stack([X, X])
    for identity in (eqxi.nondifferentiable, eqxi.nondifferentiable_backward):
        np.testing.assert_array_equal(jax.vmap(identity, in_axes=1)(xs), xs.T)


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
def test_nondifferentiable_backward_has_tangents_but_no_cotangents(module):
    def through(x):
        return module.nondifferentiable_backward(2 * x, name="the count")

    np.testing.assert_array_equal(jax.jvp(through, (X,), (X,))[1], 2 * X)
    with pytest.raises(RuntimeError, match=r"Unexpected cotangent\. the count cannot be rev"):
        jax.grad(lambda x: jnp.sum(through(x)))(X)
    with pytest.raises(RuntimeError, match="Unexpected cotangent"):
        # Even where it is zero: that is not known before the program runs.
        jax.grad(lambda x: jnp.sum(through(x) * 0))(X)


def test_nondifferentiable_backward_of_an_unused_result_does_not_matter():
    grad = jax.grad(lambda x: (eqxi.nondifferentiable_backward(x), jnp.sum(x))[1])(X)
    np.testing.assert_array_equal(grad, jnp.ones(3))


@pytest.mark.parametrize("jit", [lambda f: f, eqx.filter_jit], ids=["eager", "jit"])
def test_a_cotangent_may_be_checked_for_zero_when_the_program_runs(jit):
    def loss(x, weight):
        return jnp.sum(x + weight * eqxi.nondifferentiable_backward(x, symbolic=False))

    grad = jit(jax.grad(loss))
    np.testing.assert_array_equal(grad(X, jnp.array(0.0)), jnp.ones(3))
    with pytest.raises(eqx.EquinoxRuntimeError, match="Unexpected cotangent"):
        grad(X, jnp.array(1.0))


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
def test_nonbatchable_refuses_a_batch(module):
    with pytest.raises(ValueError, match=r"Unexpected batch tracer\. the index cannot be vmap'd"):
        jax.vmap(lambda x: module.nonbatchable(x, name="the index"))(X)
    with pytest.raises(ValueError, match=r"^my message\b"):
        jax.vmap(lambda x: module.nonbatchable(x, msg="my message"))(X)
    out = jax.vmap(lambda x: x * module.nonbatchable(jnp.array(2.0)))(X)
    np.testing.assert_array_equal(out, 2 * X)


def test_nonbatchable_is_differentiated():
    np.testing.assert_array_equal(jax.jacfwd(eqxi.nonbatchable)(X), jnp.eye(3))
    np.testing.assert_array_equal(jax.jacrev(eqxi.nonbatchable)(X), jnp.eye(3))


def constant(x):
    return eqxi.nonbatchable(x, allow_constant_across_batch=True)


def test_a_batch_of_equal_values_is_allowed_and_no_batch_afterwards():
    def f(x):
        # With a batched predicate, `cond` would be a `select` and evaluate both.
        return jax.lax.cond(constant(x) > 0, lambda: x, lambda: x + 1)

    jaxpr = jax.make_jaxpr(jax.vmap(f))(jnp.ones(3))
    assert "cond" in str(jaxpr)
    np.testing.assert_array_equal(jax.vmap(f)(jnp.ones(3)), jnp.ones(3))
    np.testing.assert_array_equal(jax.vmap(jax.vmap(f))(jnp.ones((2, 3))), jnp.ones((2, 3)))


@pytest.mark.parametrize("value", [jnp.nan, jnp.inf, 0.0])
def test_values_that_are_all_not_a_number_are_equal(value):
    np.testing.assert_array_equal(jax.vmap(constant)(jnp.full(3, value)), jnp.full(3, value))


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, jnp.nan], [jnp.nan, 1.0]])
def test_a_batch_of_different_values_is_an_error_when_the_program_runs(values):
    with pytest.raises(eqx.EquinoxRuntimeError, match="Nonconstant batch"):
        eqx.filter_jit(jax.vmap(constant))(jnp.array(values))


def test_a_batch_of_integers_and_of_booleans_is_checked_as_well():
    np.testing.assert_array_equal(jax.vmap(constant)(jnp.array([3, 3])), jnp.array([3, 3]))
    with pytest.raises(eqx.EquinoxRuntimeError, match="Nonconstant batch"):
        eqx.filter_jit(jax.vmap(constant))(jnp.array([True, False]))


@pytest.mark.parametrize("module", [eqxi, reference], ids=["ours", "reference"])
@pytest.mark.parametrize(
    ("transform", "what"),
    [
        (lambda f: jax.jvp(f, (X,), (X,)), "differentiation"),
        (lambda f: jax.grad(lambda x: jnp.sum(f(x)))(X), "differentiation"),
        (lambda f: jax.vmap(f)(X), "batching"),
        (lambda f: jax.linear_transpose(f, X)(X), "transposition"),
    ],
)
def test_nontraceable_is_refused_by_every_transformation(module, transform, what):
    with pytest.raises(RuntimeError, match=f"Detected {what} of the closure"):
        transform(lambda x: module.nontraceable(x, name="the closure"))
