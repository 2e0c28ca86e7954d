"""Weight normalisation: length and direction apart."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(3, 4, key=KEY), jnp.arange(3.0)),
        (nn.Conv1d(2, 3, 2, key=KEY), jnp.arange(8.0).reshape(2, 4)),
    ],
    ids=["Linear", "Conv1d"],
)
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_a_fresh_layer_computes_what_the_wrapped_one_does(layer, x, axis):
    wrapped = nn.WeightNorm(layer, axis=axis)
    np.testing.assert_allclose(wrapped(x), layer(x), rtol=1e-5)


def test_each_neuron_has_its_own_length():
    layer = nn.Linear(3, 4, key=KEY)
    wrapped = nn.WeightNorm(layer)
    assert wrapped.g.shape == (4, 1)
    np.testing.assert_allclose(wrapped.g[:, 0], jnp.linalg.norm(layer.weight, axis=1), rtol=1e-6)
    longer = eqx.tree_at(lambda w: w.g, wrapped, 2 * wrapped.g)
    x = jnp.arange(3.0)
    np.testing.assert_allclose(longer(x) - layer.bias, 2 * (layer.weight @ x), rtol=1e-5)


def test_the_gradient_of_a_direction_is_at_right_angles_to_it():
    wrapped = nn.WeightNorm(nn.Linear(3, 4, key=KEY))
    grads = eqx.filter_grad(lambda w: jnp.sum(jnp.sin(w(jnp.arange(3.0)))))(wrapped)
    along = jnp.sum(grads.layer.weight * wrapped.layer.weight, axis=1)
    np.testing.assert_allclose(along, np.zeros(4), atol=1e-6)
    assert (jnp.abs(grads.g) > 0).all()


def test_layers_made_alike_are_equal_and_share_a_program():
    one, other = (nn.WeightNorm(nn.Linear(3, 4, key=KEY)) for _ in range(2))
    assert eqx.tree_equal(one, other)
    assert not eqx.tree_equal(one, nn.WeightNorm(nn.Linear(3, 4, key=KEY), axis=None))
    traces = []

    @eqx.filter_jit
    def run(layer):
        traces.append(None)
        return layer(jnp.ones(3))

    for layer in (one, other, pickle.loads(pickle.dumps(one))):
        run(layer)
    assert len(traces) == 1


@pytest.mark.parametrize("axis", [2, -3])
def test_an_axis_that_is_not_there_is_refused(axis):
    with pytest.raises(ValueError, match=r"`weight` has shape \(4, 3\); expected an axis of it"):
        nn.WeightNorm(nn.Linear(3, 4, key=KEY), axis=axis)
