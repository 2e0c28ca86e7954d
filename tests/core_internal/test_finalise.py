"""Finalisation: programs without the primitives that only transformations need."""

import equinox.internal as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive, jaxpr_as_fun

import eqxcore as eqx
import eqxcore.internal as eqxi

X = jnp.array([1.0, 2.0, 3.0])


def of_us(x):
    """Uses every identity and reduction that there is for transformations."""
    x = eqxi.nondifferentiable(x)
    x = eqxi.nondifferentiable_backward(x)
    x = eqxi.nonbatchable(x)
    x = eqxi.nontraceable(x)
    x = jax.lax.stop_gradient(x)
    any_, all_ = eqxi.unvmap_any(x > 1), eqxi.unvmap_all(x > 1)
    largest = eqxi.unvmap_max(x.astype(jnp.int32))
    flags = any_.astype(jnp.float32) + all_.astype(jnp.float32)
    return eqxi.nextafter(x) * flags + largest.astype(jnp.float32)


NAMES = [
    "nondifferentiable",
    "nonbatchable",
    "nontraceable",
    "unvmap",
    "custom_jvp",
    "stop_gradient",
]


def custom_vjp(x):
    fn = jax.custom_vjp(of_us)
    fn.defvjp(lambda x: (of_us(x), None), lambda _, ct: (ct,))
    return fn(x)


PROGRAMS = {
    "plain": of_us,
    "jit": jax.jit(of_us),
    "scan": lambda x: jax.lax.scan(lambda c, y: (of_us(c) + y, y), x, X)[0],
    "cond": lambda x: jax.lax.cond(x[0] > 0, of_us, lambda x: -x, x),
    "while": lambda x: jax.lax.while_loop(lambda x: eqxi.unvmap_any(x < 50), of_us, x),
    "checkpoint": jax.checkpoint(of_us),
    "custom_vjp": custom_vjp,
    "vmap": lambda x: jax.vmap(lambda _: eqxi.unvmap_max(jnp.array([1, 2])))(x),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_of_us_is_left_anywhere(name):
    program = PROGRAMS[name]
    plain = str(jax.make_jaxpr(program)(X))
    assert any(ours in plain for ours in NAMES)
    jaxpr = eqxi.finalise_make_jaxpr(program)(X)
    assert not [ours for ours in NAMES if f" {ours}" in str(jaxpr)]
    (found,) = jaxpr_as_fun(jaxpr)(X)
    np.testing.assert_allclose(found, program(X), rtol=1e-6)


def test_every_form_of_it_does_the_same():
    jaxpr = jax.make_jaxpr(of_us)(X)
    expected = of_us(X)
    np.testing.assert_array_equal(eqxi.finalise_fn(of_us)(X), expected)
    np.testing.assert_array_equal(eqxi.finalise_jaxpr_as_fn(jaxpr)(X)[0], expected)
    np.testing.assert_array_equal(
        eqxi.finalise_eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, X)[0], expected
    )
    finalised = eqxi.finalise_jaxpr(jaxpr)
    assert finalised.in_avals == jaxpr.in_avals
    np.testing.assert_array_equal(jaxpr_as_fun(finalised)(X)[0], expected)
    _, shape = eqxi.finalise_make_jaxpr(of_us, return_shape=True)(X)
    assert (shape.shape, shape.dtype) == ((3,), jnp.float32)


def test_a_finalised_function_takes_and_returns_any_pytree():
    linear = eqx.nn.Linear(3, 2, key=jax.random.key(0))
    found = eqxi.finalise_fn(lambda model, x, how: {"out": model(x), "how": how})(linear, X, "how")
    np.testing.assert_allclose(found["out"], linear(X), rtol=1e-6)
    assert found["how"] == "how"


def test_a_finalised_function_is_transformed_and_compiled():
    def f(x):
        return jnp.sum(eqxi.nondifferentiable(x) ** 2)

    # What refused to be differentiated is gone.
    np.testing.assert_allclose(jax.grad(eqxi.finalise_fn(f))(X), 2 * X)
    np.testing.assert_allclose(jax.jit(jax.vmap(eqxi.finalise_fn(f)))(X[:, None]), X**2)


def test_a_primitive_is_registered_with_its_implementation_of_the_moment():
    primitive = Primitive("registered")
    primitive.def_impl(lambda x: x + 1)
    primitive.def_abstract_eval(lambda x: x)
    assert "registered" in str(eqxi.finalise_make_jaxpr(primitive.bind)(X))
    eqxi.register_impl_finalisation(primitive)
    assert primitive in eqxi.primitive_finalisations
    np.testing.assert_array_equal(eqxi.finalise_fn(primitive.bind)(X), X + 1)
    primitive.def_impl(lambda x: x + 2)
    np.testing.assert_array_equal(eqxi.finalise_fn(primitive.bind)(X), X + 2)
    assert "registered" not in str(eqxi.finalise_make_jaxpr(primitive.bind)(X))


@pytest.mark.parametrize("is_registered", [True, False])
def test_under_vmap_a_primitive_is_finalised_if_it_would_be_outside(is_registered):
    primitive = eqxi.create_vprim("doubled", lambda x: [2 * x], lambda x: [x], None, None)
    if is_registered:
        eqxi.register_impl_finalisation(primitive)
    jaxpr = eqxi.finalise_make_jaxpr(jax.vmap(jax.vmap(lambda x: primitive.bind(x)[0])))(
        jnp.ones((2, 3))
    )
    assert ("doubled" in str(jaxpr)) is not is_registered
    if is_registered:
        np.testing.assert_array_equal(jaxpr_as_fun(jaxpr)(jnp.ones((2, 3)))[0], 2.0)


def test_an_implementation_may_hold_a_constant():
    table = np.arange(3.0, dtype=np.float32)
    primitive = Primitive("with_constant")
    primitive.def_impl(lambda x: x + jnp.asarray(table))
    primitive.def_abstract_eval(lambda x: x)
    eqxi.register_impl_finalisation(primitive)
    np.testing.assert_array_equal(eqxi.finalise_fn(jax.jit(primitive.bind))(X), X + table)


def test_a_finalised_loss_has_the_numbers_of_the_reference():
    def program(module):
        def f(x):
            x = jnp.where(module.unvmap_any(x > 2), module.nondifferentiable_backward(x), 0.0)
            return jnp.sum(module.prevbefore(x))

        return module.finalise_fn(f)(X)

    np.testing.assert_array_equal(program(eqxi), program(reference))
