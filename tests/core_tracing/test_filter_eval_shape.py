"""`filter_eval_shape`: what is traced, and what comes back."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)
STRUCT = jax.ShapeDtypeStruct((3,), jnp.float32)


def test_arrays_become_structs_and_the_rest_comes_back_as_it_is():
    marker = object()
    out = eqx.filter_eval_shape(lambda *args: args, jnp.ones((2, 3)), marker, 1, 2.0, "text", None)
    assert out[0].shape == (2, 3)
    assert out[0].dtype == jnp.float32
    assert out[1:] == (marker, 1, 2.0, "text", None)


def test_a_struct_stands_for_an_array():
    out = eqx.filter_eval_shape(lambda x, k: (x + 1, k), STRUCT, k=np.float32(1))
    assert out[0].shape == (3,)
    assert isinstance(out[1], jax.ShapeDtypeStruct)


def test_a_model_is_made_without_its_memory():
    model = eqx.filter_eval_shape(nn.MLP, 2, 2, 10**7, 3, key=KEY)
    assert isinstance(model, nn.MLP)
    assert model.layers[1].weight.shape == (10**7, 10**7)
    assert model.activation is jax.nn.relu


def test_the_structs_of_a_model_are_called():
    model = eqx.filter_eval_shape(nn.Linear, 2, 5, key=KEY)
    assert eqx.filter_eval_shape(model, jnp.ones(2)).shape == (5,)
    assert eqx.filter_eval_shape(model.__call__, jnp.ones(2)).shape == (5,)


def test_python_numbers_are_no_arrays():
    def f(n, x):
        assert type(n) is int
        return jnp.zeros((n, *x.shape))

    assert eqx.filter_eval_shape(f, 4, STRUCT).shape == (4, 3)


def test_weak_types_are_kept():
    out = eqx.filter_eval_shape(lambda x: x * 1.0, jnp.asarray(1.0))
    assert out.weak_type
    assert not eqx.filter_eval_shape(lambda x: x * 1.0, jnp.ones(())).weak_type


def test_nothing_is_computed():
    def f(x):
        jax.debug.callback(lambda: pytest.fail("was run"))
        return x

    eqx.filter_eval_shape(f, jnp.ones(3))
    jax.effects_barrier()


@pytest.mark.parametrize(
    "function",
    [
        lambda *a, **k: (a, k),
        lambda x, **k: (x * 2, STRUCT, jnp.tanh, np.ones(2)),
        lambda *a, **k: 1,
    ],
    ids=["identity", "struct", "number"],
)
def test_results_are_equinoxs(function):
    args = jnp.ones((4, 2)), 1.0, "a", STRUCT, np.float32(1)
    for given in (args, args[:1]):
        try:
            expected = equinox.filter_eval_shape(function, *given, k=STRUCT)
        except TypeError:
            with pytest.raises(TypeError):
                eqx.filter_eval_shape(function, *given, k=STRUCT)
            continue
        assert eqx.filter_eval_shape(function, *given, k=STRUCT) == expected


def test_it_works_inside_of_transformations():
    def f(x):
        return x * eqx.filter_eval_shape(lambda x: x[0], x).ndim

    assert eqx.filter_jit(f)(jnp.ones((2, 2)))[0, 0] == 1
    assert jnp.all(eqx.filter_vmap(f)(jnp.ones((2, 2))) == 0)
    assert eqx.filter_grad(lambda x: jnp.sum(f(x)))(jnp.ones((2, 2)))[0, 0] == 1


def test_no_tracer_is_left_behind():
    with jax.checking_leaks():
        eqx.filter_eval_shape(lambda x: (x, "a"), STRUCT)
