"""Derivatives of normalisation, which has a rule of its own, in all modes and orders."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import LIBRARIES, x64

import eqxcore

NORMS = [("LayerNorm", (6,), {}), ("GroupNorm", (2, 6), {}), ("RMSNorm", (6,), {})]
each_norm = pytest.mark.parametrize(("name", "args", "kwargs"), NORMS)


def weighted(library, name, args, kwargs):
    layer = getattr(library.nn, name)(*args, **kwargs)
    weights = jnp.linspace(0.5, 2.0, 6, dtype=layer.weight.dtype)
    return library.tree_at(lambda layer: layer.weight, layer, weights)


@each_norm
def test_forward_reverse_and_second_derivatives_are_equinoxs(name, args, kwargs):
    rng = np.random.default_rng(0)
    with x64():
        x, v = rng.normal(size=(2, 6)) * 3 + 1

        def derivatives(library):
            layer = weighted(library, name, args, kwargs)

            def loss(x):
                return jnp.sum(jnp.sin(layer(x)) * jnp.arange(6.0))

            @jax.jit
            def work(x, v):
                hessian = jax.jacfwd(jax.grad(loss))
                third = jax.jvp(hessian, (x,), (v,))[1]
                return (*jax.jvp(layer, (x,), (v,)), jax.grad(loss)(x), hessian(x), third)

            return work(x, v)

        for a, b in zip(*map(derivatives, LIBRARIES), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_the_gradient_of_a_constant_is_finite():
    """Its variance is 0, which leaves `eps` alone under the root."""
    gradient = jax.grad(lambda x: jnp.sum(jnp.sin(eqxcore.nn.LayerNorm(4)(x))))(jnp.ones(4))
    assert jnp.isfinite(gradient).all()


def test_a_gradient_of_layer_normalisation_keeps_one_array_of_its_size():
    layer = jax.vmap(eqxcore.nn.LayerNorm(64))
    x = jnp.ones((32, 64))
    _, pull_back = jax.vjp(layer, x)
    kept = [a for a in jax.tree.leaves(pull_back) if getattr(a, "size", 0) == x.size]
    assert len(kept) == 1
