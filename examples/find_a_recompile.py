# %% [markdown]
# # Why does my step compile again?
#
# `eqxview.watch()` sees everything that JAX compiles, says which leaf made a program serve no
# longer, where that leaf was made, and what to write instead. Nothing has to be wrapped.

# %%
import equinox
import jax
import jax.numpy as jnp

import eqxcore as eqx
import eqxview

# %% [markdown]
# ## A learning rate that is a Python float
#
# Under `filter_jit` a Python number is static: each value is another program.


# %%
@eqx.filter_jit
def step(model, x, learning_rate):
    return jax.tree_util.tree_map(
        lambda leaf: leaf * (1 - learning_rate) if eqx.is_array(leaf) else leaf, model
    )


model = eqx.nn.MLP(2, 2, 8, 1, key=jax.random.key(0))
x = jnp.ones(2)
with eqxview.watch() as seen:
    for i in range(3):
        model = step(model, x, 0.1 / (i + 1))
print(seen)

# %% [markdown]
# With an array in its place there is one program:

# %%
with eqxview.watch() as seen:
    for i in range(3):
        model = step(model, x, jnp.asarray(0.1 / (i + 1)))
assert not seen.misses

# %% [markdown]
# ## Real Equinox: an activation made anew
#
# A lambda in a factory is another function each time, and compares equal to nothing.


# %%
def make(scale):
    return equinox.nn.MLP(2, 2, 8, 1, activation=lambda v: scale * v, key=jax.random.key(0))


@equinox.filter_jit
def forward(model, x):
    return model(x)


with eqxview.watch() as seen:
    for _ in range(3):
        forward(make(2.0), x)
print(seen)

# %% [markdown]
# ## Plain `jax.jit`: the last batch is smaller

# %%
total = jax.jit(lambda batch: batch.sum())
data = jnp.arange(10.0)
with eqxview.watch() as seen:
    for start in range(0, 10, 4):
        total(data[start : start + 4])
print(seen)

# %% [markdown]
# A whole program is watched with `eqxview run train.py`; in a notebook, `%load_ext eqxview` and
# `%%recompiles` at the top of a cell.
