"""`filter_pure_callback`: what Python gets, what comes back, what fails."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

X = jnp.arange(3.0)
STRUCT = jax.ShapeDtypeStruct((3,), jnp.float32)
SCALAR = jax.ShapeDtypeStruct((), jnp.float32)


def test_arguments_and_results_are_any_pytrees():
    seen = []

    def callback(layer, name, *, scale):
        seen.append((type(layer), layer.in_features, name, scale))
        return {"x": np.asarray(layer.bias) * scale, "name": name, "none": None}

    layer = nn.Linear(2, 3, key=jax.random.key(0))
    expected = {"x": STRUCT, "name": "text", "none": None}
    for call in (eqx.filter_pure_callback, eqx.filter_jit(eqx.filter_pure_callback)):
        out = call(callback, layer, "text", scale=2.0, result_shape_dtypes=expected)
        np.testing.assert_array_equal(out["x"], layer.bias * 2)
        assert out["name"] == "text"
    assert set(seen) == {(nn.Linear, 2, "text", 2.0)}


def test_arrays_say_shapes_and_dtypes_too():
    model = nn.Linear(2, 3, key=jax.random.key(0))
    out = eqx.filter_pure_callback(lambda model: model, model, result_shape_dtypes=model)
    assert isinstance(out, nn.Linear)
    np.testing.assert_array_equal(out.weight, model.weight)


def test_a_python_number_is_taken_for_an_array():
    out = eqx.filter_pure_callback(lambda x: float(x.sum()), X, result_shape_dtypes=SCALAR)
    assert (out, out.dtype) == (3.0, jnp.float32)


def test_keys_are_arguments():
    out = eqx.filter_pure_callback(
        lambda key: np.asarray(jax.random.key_data(key)),
        jax.random.key(3),
        result_shape_dtypes=jax.ShapeDtypeStruct((2,), jnp.uint32),
    )
    np.testing.assert_array_equal(out, [0, 3])


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        ({"vmap_method": "sequential"}, {()}),
        ({"vmap_method": "broadcast_all"}, {(3,)}),
        ({"vmap_method": "expand_dims"}, {(3,)}),
        ({"vectorized": True}, {(3,)}),
        ({"vectorized": False}, {()}),
    ],
    ids=str,
)
def test_it_is_mapped_as_it_is_told(options, shapes):
    seen = set()

    def callback(x, name):
        seen.add(x.shape)
        return np.asarray(x) * 2, name

    out, name = eqx.filter_vmap(
        lambda x: eqx.filter_pure_callback(
            callback, x, "text", result_shape_dtypes=(SCALAR, "text"), **options
        )
    )(X)
    np.testing.assert_array_equal(out, 2 * X)
    assert name == "text"
    assert seen == shapes


def test_its_derivative_may_be_given():
    @jax.custom_jvp
    def sine(x):
        return eqx.filter_pure_callback(np.sin, x, result_shape_dtypes=SCALAR)

    sine.defjvp(lambda primals, tangents: (sine(*primals), jnp.cos(*primals) * tangents[0]))
    np.testing.assert_allclose(jax.grad(sine)(1.0), np.cos(1.0), rtol=1e-6)


WRONG_RESULTS = {
    "another string": (lambda x: (x, "b"), (STRUCT, "a"), ("[1]  'a'", "'b'")),
    "another number": (lambda x: (x, 2), (STRUCT, 1), ("[1]  1", "2")),
    "another type of number": (lambda x: (x, 1.0), (STRUCT, 1), ("[1]  1", "1.0")),
    "another shape": (lambda x: np.ones(2, np.float32), STRUCT, ("f32[3]", "f32[2]")),
    "another dtype": (lambda x: np.ones(3, np.int32), STRUCT, ("f32[3]", "i32[3]")),
    "a number for an array": (lambda x: 1.0, STRUCT, ("f32[3]", "1.0")),
    "an array for a string": (lambda x: (x, x), (STRUCT, "text"), ("'text'", "f32[3]")),
    "another structure": (lambda x: (x, x), (STRUCT,), ("tuple of 1", "tuple of 2")),
}


@pytest.mark.parametrize("wrong", WRONG_RESULTS)
def test_another_result_than_was_said_is_shown_side_by_side(wrong, caplog):
    callback, expected, parts = WRONG_RESULTS[wrong]
    parts = ("returned another result", "expected", "returned", *parts, "np.asarray")

    def run():
        jax.block_until_ready(eqx.filter_pure_callback(callback, X, result_shape_dtypes=expected))

    with pytest.raises(RuntimeError, match="(?s)" + ".*".join(map(re.escape, parts))):
        run()


def test_the_old_name_and_the_new_are_not_mixed():
    with pytest.raises(ValueError, match=r"vectorized=True.*vmap_method='sequential'"):
        eqx.filter_pure_callback(
            np.sin, X, result_shape_dtypes=STRUCT, vectorized=True, vmap_method="sequential"
        )
