"""`noinline`: functions that are compiled by themselves."""

import collections

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
import eqxcore.internal as eqxi

X = jnp.array([1.0, 2.0, 3.0])
Y = jnp.array([0.5, -1.0, 2.0])


def product(x, y):
    return {"out": jnp.sin(x) * y, "name": "product"}


noinlined = eqxi.noinline(product)


def loss(fn, x, y):
    return jnp.sum(fn(x, y)["out"] ** 2)


@pytest.mark.parametrize("jit", [lambda f: f, eqx.filter_jit], ids=["eager", "jit"])
def test_it_returns_what_the_function_returns(jit):
    for found in (jit(noinlined)(X, Y), jit(noinlined)(x=X, y=Y)):
        np.testing.assert_allclose(found["out"], product(X, Y)["out"], rtol=1e-6)
        assert found["name"] == "product"


XS, YS = jnp.stack([X, -X]), jnp.stack([Y, Y])

TRANSFORMED = {
    "grad": lambda f: jax.grad(f, argnums=(0, 1))(X, Y),
    "jvp": lambda f: jax.jvp(f, (X, Y), (Y, X)),
    "hessian": lambda f: jax.hessian(f)(X, Y),
    "reverse over reverse": lambda f: jax.jacrev(jax.grad(f))(X, Y),
    "vmap": lambda f: jax.vmap(f)(XS, YS),
    "vmap of one": lambda f: jax.vmap(f, in_axes=(1, None))(XS.T, Y),
    "vmap of vmap": lambda f: jax.vmap(jax.vmap(f, (None, 0)), (0, None))(XS, YS),
    "vmap of grad": lambda f: jax.vmap(jax.grad(f), in_axes=(0, None))(XS, Y),
    "grad of vmap": lambda f: jax.grad(lambda x, y: jnp.sum(jax.vmap(f)(x, y)))(XS, YS),
    "vmap of linearised": lambda f: jax.vmap(jax.linearize(lambda x: f(x, Y), X)[1])(XS),
    "scan": lambda f: jax.grad(
        lambda x: jax.lax.scan(lambda c, y: (c * f(x, y), None), jnp.array(1.0), YS)[0]
    )(X),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_it_is_transformed_as_the_function_is(name):
    transform = TRANSFORMED[name]
    expected = transform(lambda x, y: loss(product, x, y))
    found = jax.jit(lambda: transform(lambda x, y: loss(noinlined, x, y)))()
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6), found, expected
    )


@pytest.mark.parametrize("name", ["grad", "jvp", "vmap of grad"])
def test_it_is_transformed_eagerly(name):
    transform = TRANSFORMED[name]
    expected = transform(lambda x, y: loss(product, x, y))
    found = transform(lambda x, y: loss(noinlined, x, y))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found, expected)


def test_a_function_with_a_derivative_of_its_own_keeps_it():
    @jax.custom_vjp
    def doubled(x):
        return 2 * x

    doubled.defvjp(lambda x: (2 * x, None), lambda _, ct: (100 * ct,))
    fn = eqxi.noinline(doubled)
    np.testing.assert_array_equal(
        jax.jit(jax.grad(lambda x: jnp.sum(fn(x))))(X), jnp.full(3, 100.0)
    )
    vmapped = jax.jit(jax.vmap(jax.grad(lambda x: fn(x))))
    np.testing.assert_array_equal(vmapped(X), jnp.full(3, 100.0))


def test_arrays_in_a_module_are_inputs_and_are_differentiated():
    linear = eqx.nn.Linear(3, 2, key=jax.random.key(0))

    def loss(linear, x):
        return jnp.sum(linear(x) ** 2)

    expected = eqx.filter_grad(loss)(linear, X)
    found = eqx.filter_jit(eqx.filter_grad(loss))(eqxi.noinline(linear), X)
    for a, b in zip(
        jax.tree.leaves(eqx.filter(found, eqx.is_inexact_array)),
        jax.tree.leaves(expected),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_it_is_compiled_once_however_often_it_is_called():
    traced = collections.Counter()

    def counted(x, y):
        traced[jnp.shape(x)] += 1
        return x * y

    fn = eqxi.noinline(counted)

    @jax.jit
    def program(x, y):
        total = jnp.zeros(3)
        for index in range(5):
            total = total + fn(x, y * index)
        return total

    np.testing.assert_allclose(program(X, Y), 10 * X * Y, rtol=1e-6)
    # Once for its shapes, and once for its own program.
    assert traced[3,] == 2
    program(Y, X)
    assert traced[3,] == 2


def test_functions_that_share_an_abstract_function_are_swapped_without_compiling_again():
    traced = collections.Counter()

    def abstract(_, x, y):
        traced["abstract"] += 1
        return x * y

    def add(x, y):
        traced["add"] += 1
        return x + y

    def multiply(x, y):
        traced["multiply"] += 1
        return x * y

    @jax.jit
    def program(fn, x, y):
        traced["program"] += 1
        return fn(x, y)

    first, second = eqxi.noinline(add, abstract), eqxi.noinline(multiply, abstract)
    assert jax.tree.structure(first) == jax.tree.structure(second)
    np.testing.assert_array_equal(program(first, X, Y), X + Y)
    np.testing.assert_array_equal(program(second, X, Y), X * Y)
    np.testing.assert_array_equal(program(first, Y, X), X + Y)
    assert traced == {"program": 1, "abstract": 1, "add": 1, "multiply": 1}


def test_making_it_again_of_the_same_function_compiles_nothing():
    traced = []

    def fn(x):
        traced.append(x)
        return x + 1

    program = eqx.filter_jit(lambda fn, x: fn(x))
    for _ in range(3):
        program(eqxi.noinline(fn), X)
    assert len(traced) == 2


def test_static_arguments_of_another_type_are_another_program():
    fn = eqxi.noinline(lambda x, how: x + how)
    assert eqx.filter_jit(lambda x: fn(x, 1))(jnp.array(1)).dtype == jnp.int32
    assert eqx.filter_jit(lambda x: fn(x, 1.0))(jnp.array(1.5)).dtype == jnp.float32
    shown = eqxi.noinline(lambda x, how: (x, repr(how)))
    for how in (1, 1.0, True):
        assert eqx.filter_jit(lambda x, how=how: shown(x, how))(X)[1] == repr(how)


def test_keys_and_low_precision_go_in_and_out():
    def draw(key, x):
        new, use = jax.random.split(key)
        return new, x + jax.random.normal(use, x.shape, x.dtype)

    key, x = jax.random.key(0), X.astype(jnp.bfloat16)
    found, expected = eqx.filter_jit(eqxi.noinline(draw))(key, x), draw(key, x)
    assert found[0].dtype == key.dtype
    assert found[1].dtype == jnp.bfloat16
    np.testing.assert_array_equal(jax.random.key_data(found[0]), jax.random.key_data(expected[0]))
    np.testing.assert_allclose(
        found[1].astype(jnp.float32), expected[1].astype(jnp.float32), rtol=1e-2
    )


def test_an_error_inside_is_raised_at_the_call():
    fn = eqxi.noinline(lambda x: eqx.error_if(x, x > 2, "too big"))
    for add in (1.0, 2.0):  # in the second program, the function is not traced again
        program = eqx.filter_jit(lambda x, add=add: fn(x) + add)
        np.testing.assert_array_equal(program(jnp.array(1.0)), 1 + add)
        with pytest.raises(eqx.EquinoxRuntimeError, match="too big"):
            program(jnp.array(3.0))


def test_it_decorates_methods():
    class Model(eqx.Module):
        scale: jax.Array

        @eqxi.noinline
        def call(self, x):
            return self.scale * x

    np.testing.assert_array_equal(eqx.filter_jit(lambda m: m.call(X))(Model(jnp.array(2.0))), 2 * X)


def test_a_result_that_is_not_what_was_said_is_refused():
    fn = eqxi.noinline(lambda x: x, lambda _, x: jnp.zeros(7))
    with pytest.raises(ValueError, match=r"(?s)float32\[3\].*Expected .*float32\[7\]"):
        fn(X)


def test_which_function_it_is_cannot_be_vmapped():
    fns = jax.tree.map(lambda *leaves: jnp.stack(leaves), noinlined, noinlined)
    with pytest.raises(NotImplementedError, match="`in_axes=None`"):
        jax.vmap(lambda fn: fn(X, Y)["out"])(fns)


def test_finalised_it_is_the_function():
    jaxpr = eqxi.finalise_make_jaxpr(lambda x: noinlined(x, Y)["out"])(X)
    assert "noinline" not in str(jaxpr)
    assert "sin" in str(jaxpr)


def test_a_python_number_is_an_array_inside_when_it_is_differentiated():
    @eqxi.noinline
    def cube(x):
        assert x.shape == ()
        return x**3

    assert jax.grad(cube)(2.0) == 12.0
    assert jax.grad(jax.grad(cube))(2.0) == 12.0
    assert jax.jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
