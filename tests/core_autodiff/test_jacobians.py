"""`filter_jacfwd`, `filter_jacrev`, `filter_hessian`: shapes, structure, and what is refused."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx

VECTOR = jnp.array([1.0, 2.0])
MATRIX = jnp.arange(6.0).reshape(2, 3)

JACOBIANS = {"jacfwd": eqx.filter_jacfwd, "jacrev": eqx.filter_jacrev}
ALL = JACOBIANS | {"hessian": eqx.filter_hessian}


class Model(eqx.Module):
    weight: jax.Array
    steps: jax.Array
    rate: float

    @eqx.filter_jacfwd
    def forward(self, x):
        return self.weight @ x

    @eqx.filter_jacrev
    def reverse(self, x):
        return self.weight @ x

    @eqx.filter_hessian
    def second(self, x):
        return jnp.sum((self.weight @ x) ** 2)


def model():
    return Model(MATRIX, jnp.arange(2), 0.5)


@pytest.mark.parametrize("jacobian", JACOBIANS.values(), ids=JACOBIANS)
def test_an_array_of_output_by_input_stands_at_each_array(jacobian):
    def function(tree, scale, *, text):
        assert text == "text"
        return {"out": tree["x"] ** 2 * scale, "sum": jnp.sum(tree["x"])}

    tree = {"x": VECTOR, "n": 3, "fn": jnp.tanh}
    out = jacobian(function)(tree, 10.0, text="text")
    assert set(out) == {"out", "sum"}
    np.testing.assert_array_equal(out["out"]["x"], [[20.0, 0.0], [0.0, 40.0]])
    np.testing.assert_array_equal(out["sum"]["x"], [1.0, 1.0])
    for part in out.values():
        assert part["n"] is part["fn"] is None


def test_a_hessian_has_a_tree_in_a_tree():
    out = eqx.filter_hessian(lambda t: t["x"][0] ** 2 * t["y"])({"x": VECTOR, "y": 3.0, "n": 1})
    np.testing.assert_array_equal(out["x"]["x"], [[6.0, 0.0], [0.0, 0.0]])
    assert out["y"] is out["n"] is out["x"]["y"] is None


def test_methods_are_differentiated_in_self():
    x = jnp.array([1.0, 2.0, 3.0])
    for jacobian in (model().forward(x), model().reverse(x)):
        assert type(jacobian) is Model
        assert jacobian.weight.shape == (2, 2, 3)
        np.testing.assert_array_equal(jacobian.weight[0], [x, jnp.zeros(3)])
        assert jacobian.steps is jacobian.rate is None
    hessian = model().second(x)
    assert hessian.weight.weight.shape == (2, 3, 2, 3)
    np.testing.assert_array_equal(hessian.weight.weight[0, :, 0, :], 2 * jnp.outer(x, x))
    assert isinstance(model().second, eqx.Partial)


def test_a_module_may_be_the_function():
    linear = eqx.nn.Linear(3, 2, key=jax.random.key(0))
    for jacobian in JACOBIANS.values():
        np.testing.assert_allclose(jacobian(linear)(jnp.ones(3)), linear.weight, rtol=1e-6)


def test_arrays_and_numbers_come_along_as_aux():
    def function(x):
        return jnp.sum(x**3), (x * 2, 5)

    for name, jacobian in ALL.items():
        out, (doubled, five) = jacobian(function, has_aux=True)(VECTOR)
        expected = 3 * VECTOR**2 if name != "hessian" else jnp.diag(6 * VECTOR)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(doubled, 2 * VECTOR)
        assert five == 5


def test_any_object_comes_along_in_reverse_mode_only():
    def function(x):
        return x, "text"

    _, aux = eqx.filter_jacrev(function, has_aux=True)(VECTOR)
    assert aux == "text"
    for jacobian in (eqx.filter_jacfwd, eqx.filter_hessian):
        with pytest.raises(TypeError, match=r"(?s)'text' at \[1\].*not a valid JAX type.*jacrev"):
            jacobian(function, has_aux=True)(VECTOR)


def test_integer_outputs_do_not_move_in_forward_mode():
    np.testing.assert_array_equal(
        eqx.filter_jacfwd(lambda x: jnp.arange(2))(VECTOR), jnp.zeros((2, 2), int)
    )


@pytest.mark.parametrize("jacobian", ALL.values(), ids=ALL)
def test_they_work_under_jit_vmap_and_differentiation(jacobian):
    function = jacobian(lambda x: x**3)
    expected = function(VECTOR[0])
    np.testing.assert_allclose(eqx.filter_jit(function)(VECTOR[0]), expected)
    np.testing.assert_allclose(eqx.filter_vmap(function)(VECTOR)[0], expected)
    step = jnp.array(1e-2)
    slope = (function(VECTOR[0] + step) - function(VECTOR[0] - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(function)(VECTOR[0]), slope, rtol=1e-3)
    np.testing.assert_allclose(
        eqx.filter_jvp(function, (VECTOR[0],), (jnp.array(1.0),))[1], slope, rtol=1e-3
    )


@pytest.mark.parametrize("name", ALL)
def test_they_are_equinoxs(name):
    def jacobian(lib):
        class Layer(lib.Module):
            weight: jax.Array
            steps: int

        layer = Layer(MATRIX, 3)
        return getattr(lib, f"filter_{name}")(lambda m: jnp.sin(m.weight)[0] * m.steps)(layer)

    ours, theirs = (jax.tree_util.tree_leaves_with_path(jacobian(lib)) for lib in (eqx, equinox))
    assert len(ours) == len(theirs) > 0
    for (path, one), (their_path, other) in zip(ours, theirs, strict=True):
        assert jax.tree_util.keystr(path) == jax.tree_util.keystr(their_path)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_the_wrapper_looks_like_the_function_and_equals_its_like():
    def function(x):
        """Some words."""
        return x

    for jacobian in ALL.values():
        wrapped = jacobian(function)
        assert wrapped.__name__ == "function"
        assert wrapped.__doc__ == "Some words."
        assert wrapped == jacobian(function)


@pytest.mark.parametrize("jacobian", ALL.values(), ids=ALL)
def test_a_mistake_is_named_with_the_fix(jacobian):
    def same(x):
        return x

    with pytest.raises(ValueError, match=r"(?s)nothing to differentiate.*\['a'\]: 1.0, of type "):
        jacobian(same)({"a": 1.0, "b": 2})
    with pytest.raises(ValueError, match="no leaves at all"):
        jacobian(same)(None)
    with pytest.raises(ValueError, match="and 12 more"):
        jacobian(same)(list(range(20)))
    with pytest.raises(TypeError, match=r"without a positional argument.*`f\(x\)`"):
        jacobian(same)(x=VECTOR)
    with pytest.raises(TypeError, match=r"(?s)`same` returned .* at \['b'\].*not a valid JAX type"):
        jacobian(same)({"a": VECTOR, "b": "text"})
    with pytest.raises(TypeError, match=r"`same` returned f32\[2\].*`\(out, aux\)`"):
        jacobian(same, has_aux=True)(VECTOR)
