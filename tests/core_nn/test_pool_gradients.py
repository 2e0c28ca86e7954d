"""Derivatives of pooling against Equinox's: they are worked out in another way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import LIBRARIES

import eqxcore

SHAPE = (2, 11, 9)

POOLS = [
    ("MaxPool2d", (2, 3), (2, 3), 0, False),
    ("MaxPool2d", (3, 2), (1, 2), ((2, 1), (0, 1)), False),
    ("MaxPool2d", (5, 4), (2, 3), 1, True),
    ("MaxPool2d", (2, 1), (5, 3), 0, False),
    ("MaxPool2d", 9, 1, 8, False),
    ("AvgPool2d", (2, 3), (2, 3), 0, False),
    ("AvgPool2d", (5, 4), (2, 3), ((1, 2), (3, 0)), True),
    ("AvgPool2d", (2, 1), (5, 3), 0, False),
    ("AvgPool2d", 9, 4, 8, False),
    ("AdaptiveAvgPool2d", (11, 3)),
    ("AdaptiveAvgPool2d", (4, 2)),
    ("AdaptiveMaxPool2d", (11, 3)),
    ("AdaptiveMaxPool2d", (4, 2)),
]


def derivatives(pool):
    """The output, a derivative forwards, two backwards, and one of a gradient, forwards.

    The second one backwards is at an image of many equal numbers: which of them has the gradient
    is part of the result. (Forwards, it is not: XLA takes any of them.)
    """

    def pulled_back(x):
        out, pull_back = jax.vjp(pool, x)
        return pull_back(jnp.cos(out) + jnp.arange(out.size, dtype=out.dtype).reshape(out.shape))

    @jax.jit
    def work(x, equal, direction):
        out, tangent = jax.jvp(pool, (x,), (direction,))
        curved = jax.grad(lambda x: jnp.sum(jnp.sin(pool(x)) * tangent))
        curvature = jax.jvp(curved, (x,), (direction,))[1]
        return out, tangent, *pulled_back(x), *pulled_back(equal), curvature

    rng = np.random.default_rng(1)
    x, direction = rng.normal(size=(2, *SHAPE)).astype(np.float32)
    return work(x, rng.integers(0, 3, size=SHAPE).astype(np.float32), direction)


@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_derivatives_of_a_pool_are_equinoxs_among_equal_numbers_too(pool):
    name, *arguments = pool
    ours, theirs = (derivatives(getattr(lib.nn, name)(*arguments)) for lib in LIBRARIES)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["MaxPool1d", "AdaptiveMaxPool1d"])
def test_nan_comes_through_a_maximum_wherever_it_stands(name):
    pool = (
        getattr(eqxcore.nn, name)(3, 3) if name == "MaxPool1d" else eqxcore.nn.AdaptiveMaxPool1d(2)
    )
    for place in range(3):
        out = pool(jnp.arange(6.0)[None].at[0, place].set(jnp.nan))
        assert jnp.isnan(out[0, 0])
        assert out[0, 1] == 5


def test_a_gradient_of_pooling_is_put_together_and_not_added_up():
    """Of each slice as large an array as the image, almost all zeros, would be added up."""
    pool = eqxcore.nn.AvgPool1d(8, 4)
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(jnp.sin(pool(x)))))
    text = gradient.lower(jnp.ones((1, 32))).as_text()
    assert "concatenate" in text
    assert "interior = array<i64: 0, 3>" not in text


@pytest.mark.parametrize("name", ["MaxPool1d", "AdaptiveMaxPool1d"])
def test_integers_have_a_maximum_of_their_own_dtype(name):
    pool = (
        getattr(eqxcore.nn, name)(2, 2) if name == "MaxPool1d" else eqxcore.nn.AdaptiveMaxPool1d(3)
    )
    out = pool(jnp.array([[1, -5, 3, 2, -7, -9]], jnp.int8))
    assert out.dtype == jnp.int8
    np.testing.assert_array_equal(out, [[1, 3, -7]])
