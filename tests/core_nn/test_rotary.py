"""Rotary positional embedding: angles, dtypes, and its place in attention."""

import pickle

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import x64

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


def vectors(*shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 20), st.integers(0, 20), st.sampled_from([100.0, 10_000.0]))
def test_a_product_depends_on_the_distance_only(start, distance, theta):
    rope = nn.RotaryPositionalEmbedding(8, theta)
    query, key = vectors(8, seed=1), vectors(8, seed=2)

    def product(place, other):
        turned = rope(jnp.broadcast_to(query, (64, 8)))[place]
        return turned @ rope(jnp.broadcast_to(key, (64, 8)))[other]

    np.testing.assert_allclose(
        product(start, start + distance), product(0, distance), rtol=1e-4, atol=1e-4
    )


def test_the_first_place_is_not_turned_and_lengths_stay():
    x = vectors(6, 4)
    turned = nn.RotaryPositionalEmbedding(4)(x)
    np.testing.assert_array_equal(turned[0], x[0])
    np.testing.assert_allclose(
        jnp.linalg.norm(turned, axis=1), jnp.linalg.norm(x, axis=1), rtol=1e-5
    )


def test_two_layers_of_one_size_keep_their_own_theta():
    x = vectors(5, 4)
    outs = [nn.RotaryPositionalEmbedding(4, theta)(x) for theta in (10_000.0, 2.0, 10_000.0)]
    assert not np.allclose(outs[0], outs[1])
    np.testing.assert_array_equal(outs[0], outs[2])


def test_a_long_sequence_begins_like_a_short_one():
    rope = nn.RotaryPositionalEmbedding(4)
    x = vectors(200, 4)
    np.testing.assert_array_equal(rope(x)[:5], rope(x[:5]))


def test_angles_far_out_are_exact():
    """Equinox's, in single precision, are not: which is why ours are on the host."""
    places, theta = 10_001, 10_000.0
    exact = np.arange(places)[:, None] * theta ** (-np.arange(0, 64, 2) / 64)
    errors = []
    for library in (eqx, equinox):
        rope = library.nn.RotaryPositionalEmbedding
        cosines, sines = rope.precompute_freqs_cis(64, places, theta, jnp.float32)
        errors.append(
            max(np.abs(cosines - np.cos(exact)).max(), np.abs(sines - np.sin(exact)).max())
        )
    assert errors[0] < 1e-7
    assert 1e-4 < errors[1] < 2e-3


def test_a_half_precision_sequence_stays_so():
    rope = nn.RotaryPositionalEmbedding(4, dtype=jnp.bfloat16)
    x = vectors(5, 4)
    out = rope(x.astype(jnp.bfloat16))
    assert out.dtype == jnp.bfloat16
    wide = nn.RotaryPositionalEmbedding(4)(x)
    np.testing.assert_allclose(out.astype("f4"), wide, atol=3e-2)


def test_a_mixed_call_follows_the_promotion_that_is_set():
    rope, x = nn.RotaryPositionalEmbedding(4), vectors(5, 4).astype(jnp.bfloat16)
    with pytest.raises(ValueError, match="does not let JAX mix") as caught:
        rope(x)
    assert type(caught.value).__name__ == "TypePromotionError"
    with jax.numpy_dtype_promotion("standard"):
        theirs = equinox.nn.RotaryPositionalEmbedding(4)(x)
        ours = rope(x)
    assert ours.dtype == theirs.dtype == jnp.bfloat16
    np.testing.assert_array_equal(ours, theirs)


def test_the_default_dtype_is_that_of_jax():
    assert nn.RotaryPositionalEmbedding(4).dtype == jnp.float32
    with x64():
        rope = nn.RotaryPositionalEmbedding(4)
        assert rope.dtype == jnp.float64
        assert rope(jnp.ones((2, 4))).dtype == jnp.float64


def test_rotating_half_twice_negates():
    rotate = nn.RotaryPositionalEmbedding.rotate_half
    x = vectors(3, 6)
    np.testing.assert_array_equal(rotate(rotate(x)), -x)
    np.testing.assert_array_equal(rotate(x), equinox.nn.RotaryPositionalEmbedding.rotate_half(x))


def test_it_has_no_leaves_and_pickles_to_an_equal_one():
    rope = nn.RotaryPositionalEmbedding(4)
    assert jax.tree.leaves(rope) == []
    again = pickle.loads(pickle.dumps(rope))
    assert jax.tree.structure(again) == jax.tree.structure(rope)
    np.testing.assert_array_equal(again(jnp.ones((3, 4))), rope(jnp.ones((3, 4))))


def test_it_turns_the_heads_of_attention_under_jit_as_equinoxs_does():
    outs = []
    for library in (eqx, equinox):
        attention = library.nn.MultiheadAttention(2, 8, key=KEY)
        rope = library.nn.RotaryPositionalEmbedding(4)

        def process(queries, keys, values, rope=rope):
            heads = jax.vmap(rope, in_axes=1, out_axes=1)
            return heads(queries), heads(keys), values

        def loss(x, attention=attention, process=process):
            return jnp.sum(jnp.sin(attention(x, x, x, process_heads=process)))

        outs.append(jax.jit(jax.value_and_grad(loss))(vectors(5, 8)))
    for a, b in zip(*map(jax.tree.leaves, outs), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: nn.RotaryPositionalEmbedding(3), ValueError, "must be even"),
        (lambda: nn.RotaryPositionalEmbedding(-2), ValueError, "must not be negative"),
        (
            lambda: nn.RotaryPositionalEmbedding(4)(jnp.ones((3, 5))),
            ValueError,
            r"got `x` of shape \(3, 5\).*expected \(length, 4\)",
        ),
        (
            lambda: nn.RotaryPositionalEmbedding(4)(jnp.ones((3, 2, 4))),
            ValueError,
            "in_axes=1, out_axes=1",
        ),
        (
            lambda: nn.RotaryPositionalEmbedding(4)(jnp.ones((3, 4), jnp.int32)),
            TypeError,
            "got `x` of dtype int32",
        ),
    ],
)
def test_a_mistake_says_what_was_expected(call, error, text):
    with pytest.raises(error, match=text):
        call()
