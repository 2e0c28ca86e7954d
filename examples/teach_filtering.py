# %% [markdown]
# # What filtering does
#
# A model is a pytree with arrays and other things in it. JAX's transformations take arrays only.
# A filter sorts the leaves; `partition` and `combine` take the tree apart and put it together.
# (In a terminal, `eqxview learn filtering` goes through the same on a smaller model.)

# %%
import jax
import jax.numpy as jnp

import eqxcore as eqx
import eqxview


class Block(eqx.Module):
    layers: list
    scale: float
    name: str = eqx.field(static=True)

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.scale * x


keys = jax.random.split(jax.random.key(0), 2)
model = Block(
    [eqx.nn.Linear(2, 4, key=keys[0]), jax.nn.relu, eqx.nn.Linear(4, 2, key=keys[1])], 2.0, "block"
)
print(eqxview.show(model))

# %% [markdown]
# ## Which leaf is what, and why
#
# `scale` is a Python float: a leaf, but not an array. `name` is a static field: no leaf at all.

# %%
print(eqxview.roles(model))

# %% [markdown]
# ## Two halves
#
# `is_array` takes the arrays; `relu` and `scale` stay with the rest.

# %%
print(eqxview.partition(model, eqx.is_array))

# %% [markdown]
# A filter can be typed, too: here the biases alone.

# %%
print(eqxview.partition(model, "**.bias"))

# %% [markdown]
# ## The gradient has holes where the other half was

# %%
x = jnp.ones(2)
gradient = eqx.filter_grad(lambda model, x: model(x).sum())(model, x)
print(eqxview.show(gradient))

# %% [markdown]
# ## Together again

# %%
params, static = eqx.partition(model, eqx.is_array)
assert eqx.tree_equal(eqx.combine(params, static), model)
