"""Predict the next token of a repeating text with a causal transformer."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

import eqxcore as eqx

TEXT = np.frombuffer(b"a leaf is what a pytree ends in. " * 8, dtype=np.uint8)
LETTERS, TOKENS = np.unique(TEXT, return_inverse=True)
CONTEXT = 16


class Block(eqx.Module):
    attention: eqx.nn.MultiheadAttention
    rotary: eqx.nn.RotaryPositionalEmbedding
    feed_forward: eqx.nn.MLP
    norms: tuple[eqx.nn.RMSNorm, eqx.nn.LayerNorm]

    def __init__(self, width, heads, key):
        attention_key, mlp_key = jax.random.split(key)
        self.attention = eqx.nn.MultiheadAttention(heads, width, dropout_p=0.1, key=attention_key)
        self.rotary = eqx.nn.RotaryPositionalEmbedding(width // heads)
        self.feed_forward = eqx.nn.MLP(
            width, width, 2 * width, 1, activation=jax.nn.gelu, key=mlp_key
        )
        self.norms = (eqx.nn.RMSNorm(width), eqx.nn.LayerNorm(width))

    def __call__(self, x, key):
        def turned(queries, keys, values):
            rotate = jax.vmap(self.rotary, in_axes=1, out_axes=1)
            return rotate(queries), rotate(keys), values

        before, after = self.norms
        y = jax.vmap(before)(x)
        causal = jnp.tril(jnp.ones((len(x), len(x)), dtype=bool))
        x = x + self.attention(y, y, y, mask=causal, key=key, process_heads=turned)
        return x + jax.vmap(self.feed_forward)(jax.vmap(after)(x))


class Transformer(eqx.Module):
    embedding: eqx.nn.Embedding
    blocks: list[Block]
    head: eqx.nn.Linear

    def __init__(self, width, depth, key):
        embedding_key, head_key, *block_keys = jax.random.split(key, depth + 2)
        self.embedding = eqx.nn.Embedding(len(LETTERS), width, key=embedding_key)
        self.blocks = [Block(width, 2, block_key) for block_key in block_keys]
        self.head = eqx.nn.Linear(width, len(LETTERS), use_bias=False, key=head_key)

    def __call__(self, tokens, key):
        x = jax.vmap(self.embedding)(tokens)
        block_keys = jax.random.split(key, len(self.blocks))
        for block, block_key in zip(self.blocks, block_keys, strict=True):
            x = eqx.filter_checkpoint(block)(x, block_key)
        return jax.vmap(self.head)(x)


@eqx.filter_jit
def step(model, state, optimiser, windows, key):
    def loss_of(model):
        scores = jax.vmap(model)(windows[:, :-1], jax.random.split(key, len(windows)))
        losses = optax.softmax_cross_entropy_with_integer_labels(scores, windows[:, 1:])
        return jnp.mean(losses)

    loss, grads = eqx.filter_value_and_grad(loss_of)(model)
    updates, state = optimiser.update(grads, state, eqx.filter(model, eqx.is_inexact_array))
    return eqx.apply_updates(model, updates), state, loss


def train(steps=12):
    """The loss of each step."""
    model = Transformer(width=16, depth=2, key=jax.random.key(4))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(3e-3))
    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    tokens = jnp.asarray(TOKENS, dtype=jnp.int32)
    losses = []
    for key in jax.random.split(jax.random.key(5), steps):
        start_key, dropout_key = jax.random.split(key)
        starts = jax.random.randint(start_key, (8,), 0, len(TOKENS) - CONTEXT - 1)
        windows = tokens[starts[:, None] + jnp.arange(CONTEXT + 1)[None, :]]
        model, state, loss = step(model, state, optimiser, windows, dropout_key)
        losses.append(float(loss))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
