"""Multihead attention against Equinox's: masks, processed heads, dropout, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import LIBRARIES

KEY = jax.random.key(0)


def sequences():
    rng = np.random.default_rng(1)
    return [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in ((4, 6), (5, 6), (5, 6))]


def processed(queries, keys, values):
    return 2 * queries, keys - queries.mean(), jnp.flip(values, 0)


MASKS = {
    "one for all heads": np.tri(4, 5, dtype=bool),
    "one each head": np.random.default_rng(0).random((2, 4, 5)) < 0.7,
    "nowhere to look": np.zeros((4, 5), bool),
}

CALLS = {
    **{name: {"mask": mask} for name, mask in MASKS.items()},
    "processed heads": {"process_heads": processed},
    "dropout": {"key": jax.random.key(3)},
    "no dropout in inference": {"inference": True},
    "all at once": {
        "mask": MASKS["one each head"],
        "process_heads": processed,
        "key": jax.random.key(3),
        "inference": False,
    },
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_and_their_gradients_are_equinoxs(name):
    results = []
    for library in LIBRARIES:
        attention = library.nn.MultiheadAttention(
            2, 6, use_query_bias=True, use_output_bias=True, dropout_p=0.3, key=KEY
        )
        kwargs = CALLS[name]
        if not {"key", "inference"} & set(kwargs):
            attention = library.nn.inference_mode(attention)

        def loss(attention, inputs, kwargs=kwargs):
            out = attention(*inputs, **kwargs)
            return jnp.sum(jnp.sin(out)), out

        run = library.filter_jit(library.filter_value_and_grad(loss, has_aux=True))
        (_, out), grads = run(attention, sequences())
        results.append([out, *(leaf for leaf in jax.tree.leaves(grads))])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_inference_overrides_what_the_layer_says():
    attention = LIBRARIES[0].nn.MultiheadAttention(2, 6, dropout_p=0.5, key=KEY)
    frozen = LIBRARIES[0].nn.inference_mode(attention)
    inputs = sequences()
    np.testing.assert_array_equal(attention(*inputs, inference=True), frozen(*inputs))
    dropped = frozen(*inputs, inference=False, key=KEY)
    assert not np.allclose(dropped, frozen(*inputs))
    with pytest.raises(RuntimeError, match="requires a key"):
        attention(*inputs)
