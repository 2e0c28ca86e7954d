"""The model of `eqxview demo`: a small network in the middle of its training."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import eqxcore as eqx


class Momentum(NamedTuple):
    """An optimiser's state: one running mean for each array that is trained."""

    steps: jax.Array
    mean: Any


class Classifier(eqx.Module):
    """An embedding whose weights are used twice, an MLP, and a dropout between them."""

    embedding: jax.Array
    mlp: eqx.nn.MLP
    dropout: eqx.nn.Dropout
    unembedding: jax.Array
    name: str = eqx.field(static=True)

    def __init__(self, *, vocabulary: int, width: int, key: jax.Array) -> None:
        embedding_key, mlp_key = jax.random.split(key)
        self.embedding = jax.random.normal(embedding_key, (vocabulary, width))
        self.mlp = eqx.nn.MLP(width, width, 2 * width, depth=2, key=mlp_key)
        self.dropout = eqx.nn.Dropout(0.1)
        # The same array, not a copy: a tie.
        self.unembedding = self.embedding
        self.name = "demo"


def demo_state(seed: int = 0) -> dict[str, Any]:
    """A training state: the model, its optimiser's state, and the step."""
    model = Classifier(vocabulary=64, width=16, key=jax.random.key(seed))
    trained = eqx.filter(model, eqx.is_inexact_array)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, trained)
    return {
        "model": model,
        "optimiser": Momentum(steps=jnp.array(0, jnp.int32), mean=zeros),
        "step": 1200,
        "schedule": None,
    }
