"""Attention over long sequences, which is worked out a block of queries at a time."""

import functools

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layer_cases import LIBRARIES

import eqxcore
from eqxcore.nn import _attention_blocks as blocks

LENGTH, HEADS = 1030, 4
"""So many that they are cut into blocks, with a rest."""


def attention(library):
    make = functools.partial(library.nn.MultiheadAttention, HEADS, 8, key=jax.random.key(0))
    return make()


def masks():
    causal = np.tril(np.ones((LENGTH, LENGTH), bool))
    # One query that may look nowhere.
    causal[3] = False
    each = np.stack([causal, causal.T, ~causal, np.ones_like(causal)])
    return {"none": None, "causal": causal, "each head": each}


@pytest.mark.parametrize("mask", masks().values(), ids=masks())
def test_a_long_sequence_has_the_outputs_and_gradients_of_equinox(mask):
    assert blocks.is_long(HEADS, LENGTH, LENGTH)
    x = np.random.default_rng(0).normal(size=(LENGTH, 8)).astype(np.float32)

    def work(library):
        def loss(layer_and_x):
            layer, x = layer_and_x
            out = layer(x, x, x, mask)
            return jnp.mean(jnp.sin(3 * out) @ jnp.arange(8.0)) * 100, out

        made = (attention(library), jnp.asarray(x))
        (_, out), grads = library.filter_jit(library.filter_value_and_grad(loss, has_aux=True))(
            made
        )
        return [out, *(leaf for leaf in jax.tree.leaves(grads) if equinox.is_array(leaf))]

    for a, b in zip(*map(work, LIBRARIES), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


def test_a_gradient_never_holds_all_attention_weights():
    layer = attention(eqxcore)
    x = jnp.ones((LENGTH, 8))
    program = str(jax.make_jaxpr(jax.grad(lambda x: jnp.sum(layer(x, x, x))))(x))
    assert f"{HEADS},{LENGTH},{LENGTH}]" not in program
    assert "scan" in program


def test_a_short_sequence_is_not_cut():
    layer = attention(eqxcore)
    x = jnp.ones((32, 8))
    assert "scan" not in str(jax.make_jaxpr(layer)(x, x, x))


def test_a_dropout_has_the_masks_of_equinox_in_long_sequences_too():
    x = np.random.default_rng(0).normal(size=(LENGTH, 8)).astype(np.float32)
    outs = [
        library.filter_jit(
            library.nn.MultiheadAttention(HEADS, 8, dropout_p=0.5, key=jax.random.key(0))
        )(x, x, x, key=jax.random.key(1))
        for library in LIBRARIES
    ]
    np.testing.assert_allclose(*outs, rtol=1e-4, atol=1e-5)


def scores(queries, keys, values, mask):
    """Some attention, of which one can see by hand that no query depends on another."""
    logits = jnp.einsum("qhs,khs->hqk", queries, keys)
    logits = jnp.where(True if mask is None else mask, logits, -1e3)
    attended = jnp.einsum("hqk,khs->qhs", jax.nn.softmax(logits), values)
    return attended.reshape(len(queries), -1)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK", 1)
    assert blocks._rows(2, 7) == 8


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("queries", [7, 8, 24, 29])
def test_blocks_are_the_whole_for_any_number_of_queries(queries):
    rng = np.random.default_rng(queries)
    q, k, v = (jnp.asarray(rng.normal(size=(n, 2, 3)), "f4") for n in (queries, 7, 7))
    mask = jnp.asarray(rng.integers(0, 2, size=(2, queries, 7)), bool)
    for one in (None, mask[0], mask):
        out = blocks.by_blocks(scores, q, k, v, one)
        np.testing.assert_allclose(out, scores(q, k, v, one), rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("small_blocks")
def test_blocks_are_mapped_and_differentiated_as_the_whole_in_all_modes():
    rng = np.random.default_rng(0)
    q, k, v = (jnp.asarray(rng.normal(size=(2, n, 2, 3)), "f4") for n in (19, 7, 7))
    mask = jnp.asarray(rng.integers(0, 2, size=(2, 19, 7)), bool)

    @functools.partial(jax.jit, static_argnums=0)
    def work(attend, q, k, v, mask):
        def one(q, k, v, mask):
            return jnp.sum(jnp.sin(attend(q, k, v, mask)))

        gradient = jax.grad(one, (0, 1, 2))
        # Forwards over backwards, in the direction of the other example.
        second = jax.jvp(lambda k: gradient(q[0], k, v[0], mask[0]), (k[0],), (k[1],))
        return jax.vmap(gradient)(q, k, v, mask), second

    whole = work(scores, q, k, v, mask)
    parts = work(functools.partial(blocks.by_blocks, scores), q, k, v, mask)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(parts), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
