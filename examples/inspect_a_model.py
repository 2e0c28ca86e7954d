# %% [markdown]
# # What is in this model, and what did training change?
#
# A small classifier with an embedding that is used twice is trained, saved, opened again without
# running anything of the file, and compared with what it was.

# %%
import pickle
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp

import eqxcore as eqx
import eqxview


class Classifier(eqx.Module):
    embedding: jax.Array
    mlp: eqx.nn.MLP
    unembedding: jax.Array
    name: str = eqx.field(static=True)

    def __init__(self, *, vocabulary: int, width: int, key: jax.Array) -> None:
        embedding_key, mlp_key = jax.random.split(key)
        self.embedding = jax.random.normal(embedding_key, (vocabulary, width))
        self.mlp = eqx.nn.MLP(width, width, 2 * width, depth=1, key=mlp_key)
        self.unembedding = self.embedding  # the same array: tied
        self.name = "classifier"

    def __call__(self, token: jax.Array) -> jax.Array:
        return self.unembedding @ self.mlp(self.embedding[token])


model = Classifier(vocabulary=32, width=8, key=jax.random.key(0))

# %% [markdown]
# The tree: every leaf and static field, its role, its type, its bytes. `~1` marks one array that
# stands in two places.

# %%
print(eqxview.show(model))

# %% [markdown]
# ## What trains?
#
# Only the MLP is to be trained. `eqxview.partition` shows what a filter spec takes.

# %%
spec = eqx.tree_at(
    lambda m: m.mlp, jax.tree_util.tree_map(lambda _: False, model), replace=eqx.is_inexact_array
)
print(eqxview.partition(model, spec))

# %% [markdown]
# ## Train, and save before and after

# %%
trained, frozen = eqx.partition(model, spec)
tokens = jnp.arange(32)


@eqx.filter_value_and_grad
def loss(trained: Classifier, frozen: Classifier, tokens: jax.Array) -> jax.Array:
    logits = jax.vmap(eqx.combine(trained, frozen))(tokens)
    targets = (tokens + 1) % 32
    return -jnp.mean(jax.nn.log_softmax(logits)[tokens, targets])


@eqx.filter_jit
def step(trained: Classifier, frozen: Classifier, tokens: jax.Array):
    value, gradient = loss(trained, frozen, tokens)
    updates = jax.tree_util.tree_map(lambda g: -0.1 * g, gradient)
    return value, eqx.apply_updates(trained, updates)


folder = Path(tempfile.mkdtemp())
(folder / "before.pkl").write_bytes(pickle.dumps(model))
for _ in range(20):
    value, trained = step(trained, frozen, tokens)
model = eqx.combine(trained, frozen)
(folder / "after.pkl").write_bytes(pickle.dumps(model))

# %% [markdown]
# ## Look into the files
#
# Nothing that a file names is imported or called, and arrays stay in it until they are asked for.
# In a terminal: `eqxview after.pkl`, `eqxview diff before.pkl after.pkl`.

# %%
print(eqxview.show(folder / "after.pkl", view="roles"))

# %%
print(eqxview.diff(folder / "before.pkl", folder / "after.pkl"))

# %% [markdown]
# ## Where do the arrays live?

# %%
print(eqxview.placement(model))
