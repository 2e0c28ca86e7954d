"""`filter_make_jaxpr`: what is an input of the jaxpr, what is built into it, what comes with it."""

import equinox
import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)
X = jnp.arange(3.0)
STRUCT = jax.ShapeDtypeStruct((3,), jnp.float32)


def primitives(jaxpr):
    return [equation.primitive.name for equation in jaxpr.eqns]


def test_arrays_and_structs_are_inputs_and_the_rest_is_built_in():
    jaxpr, arrays, statics = eqx.filter_make_jaxpr(lambda x, y, n: (x * n + y, "text"))(
        X, STRUCT, 2.0
    )
    assert isinstance(jaxpr, jax.extend.core.ClosedJaxpr)
    assert len(jaxpr.in_avals) == 2
    assert primitives(jaxpr) == ["mul", "add"]
    assert (arrays[0].shape, arrays[1]) == ((3,), None)
    assert statics == (None, "text")


def test_the_parts_of_the_result_combine():
    _, arrays, statics = eqx.filter_make_jaxpr(nn.MLP)(2, 2, 4, 1, key=KEY)
    model = eqx.combine(arrays, statics)
    assert isinstance(model, nn.MLP)
    assert model.layers[0].weight.shape == (4, 2)
    assert statics.activation is jax.nn.relu


def test_arrays_in_the_function_are_constants():
    linear = nn.Linear(3, 2, key=KEY)
    jaxpr, _, _ = eqx.filter_make_jaxpr(linear)(STRUCT)
    assert len(jaxpr.in_avals) == 1
    assert {const.shape for const in jaxpr.consts} == {(2, 3), (2,)}
    (out,) = jax.core.eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, X)
    np.testing.assert_allclose(out, linear(X), rtol=1e-6)


def test_a_struct_that_the_function_returns_is_no_array_of_it():
    jaxpr, arrays, statics = eqx.filter_make_jaxpr(lambda x: (x, STRUCT))(X)
    assert len(jaxpr.out_avals) == 1
    assert arrays[1] is None
    assert statics[1] is STRUCT


@pytest.mark.parametrize(
    "function",
    [
        lambda *args: args,
        lambda *args: {"a": args[0] + 1, "b": STRUCT, "c": jnp.tanh, "d": None},
        lambda *args: (1.0, np.float32(2), np.ones(2)),
    ],
    ids=["identity", "mixed", "numbers"],
)
def test_results_are_equinoxs(function):
    args = X, 1.0, "a", STRUCT, {"k": np.float32(2)}
    ours = eqx.filter_make_jaxpr(function)(*args)
    theirs = equinox.filter_make_jaxpr(function)(*args)
    assert str(ours[0]) == str(theirs[0])
    assert ours[1:] == theirs[1:]


def test_the_wrapper_looks_like_the_function_and_is_a_method():
    class Model(eqx.Module):
        weight: jax.Array

        @eqx.filter_make_jaxpr
        def times(self, x):
            """Multiply."""
            return self.weight * x

    jaxpr, _, _ = Model(X).times(X)
    assert primitives(jaxpr) == ["mul"]
    assert len(jaxpr.in_avals) == 2
    assert Model.times.__name__ == "times"
    assert Model.times.__doc__ == "Multiply."


def test_it_works_inside_of_transformations():
    def f(x):
        jaxpr, _, _ = eqx.filter_make_jaxpr(jnp.sin)(x)
        return jax.core.eval_jaxpr(jaxpr.jaxpr, jaxpr.consts, x)[0]

    for transform in (lambda f: f, eqx.filter_jit, eqx.filter_vmap):
        np.testing.assert_allclose(transform(f)(X), jnp.sin(X), rtol=1e-6)
    gradient = eqx.filter_grad(lambda x: jnp.sum(f(x)))(X)
    np.testing.assert_allclose(gradient, jnp.cos(X), rtol=1e-6)
