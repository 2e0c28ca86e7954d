"""Parts of a model that are one."""

import pickle

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def second_weight(pair):
    return pair[1].weight


def first_weight(pair):
    return pair[0].weight


def tied(library=eqx):
    nn = library.nn
    embedding = nn.Embedding(5, 3, key=KEY)
    linear = nn.Linear(3, 5, key=KEY)
    return nn.Shared((embedding, linear), second_weight, first_weight)


def test_what_is_tied_is_one_array_and_is_held_once():
    shared = tied()
    embedding, linear = shared()
    assert linear.weight is embedding.weight
    shapes = [leaf.shape for leaf in jax.tree.leaves(shared) if eqx.is_array(leaf)]
    assert shapes == [(5, 3), (5,)]
    assert "weight=SharedNode" in str(shared)


def test_a_gradient_is_the_sum_of_both_places():
    def loss(shared):
        embedding, linear = shared()
        return jnp.sum(jnp.sin(linear(embedding(jnp.asarray(2)))))

    grads = eqx.filter_grad(loss)(tied())
    theirs = equinox.filter_grad(loss)(tied(equinox))
    np.testing.assert_allclose(grads.pytree[0].weight, theirs.pytree[0].weight, rtol=1e-5)
    assert (grads.pytree[0].weight != 0).all(axis=1).sum() == 5

    stepped = eqx.apply_updates(tied(), grads)
    embedding, linear = stepped()
    assert linear.weight is embedding.weight


def test_get_may_compute_and_tie_several():
    one, two = (nn.Linear(3, 3, key=key) for key in jax.random.split(KEY))
    shared = nn.Shared(
        (one, two),
        lambda pair: (pair[1].weight, pair[1].bias),
        lambda pair: (pair[0].weight.T, pair[0].bias),
    )
    _, second = shared()
    np.testing.assert_array_equal(second.weight, one.weight.T)
    np.testing.assert_array_equal(second.bias, one.bias)


def test_whole_layers_can_be_tied():
    one, two = (nn.Linear(3, 3, key=key) for key in jax.random.split(KEY))
    shared = nn.Shared((one, two), lambda pair: pair[1], lambda pair: pair[0])
    assert len([x for x in jax.tree.leaves(shared) if eqx.is_array(x)]) == 2
    assert shared()[1].weight is one.weight


def test_tied_layers_pickle_and_do_not_retrace():
    shared = tied()
    traces = []

    @eqx.filter_jit
    def run(shared):
        traces.append(None)
        return shared()[1](jnp.ones(3))

    run(shared)
    run(pickle.loads(pickle.dumps(shared)))
    assert len(traces) == 1


def test_nothing_is_computed_to_see_whether_nodes_match():
    ran = []

    def get(pair):
        jax.debug.callback(lambda: ran.append(None))
        return pair[0].weight + 1

    nn.Shared((nn.Linear(3, 3, key=KEY), nn.Linear(3, 3, key=KEY)), second_weight, get)
    jax.effects_barrier()
    assert ran == []


@pytest.mark.parametrize(
    "get",
    [
        lambda pair: pair[0].bias,
        lambda pair: pair[0].weight.astype(jnp.bfloat16),
        lambda pair: (pair[0].weight,),
        lambda pair: 3,
    ],
    ids=["shape", "dtype", "structure", "no array"],
)
def test_nodes_that_differ_are_refused_with_both_shown(get):
    pair = nn.Linear(3, 4, key=KEY), nn.Linear(3, 4, key=KEY)
    with pytest.raises(ValueError, match="Every node being shared together") as caught:
        nn.Shared(pair, second_weight, get)
    assert "ShapeDtypeStruct(shape=(4, 3), dtype=float32)" in str(caught.value)
