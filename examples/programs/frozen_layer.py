"""Fine-tune the last layer of a model alone: `tree_at`, `partition`, `combine`."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx


def trainable(model):
    """A filter spec: true for the arrays of the last layer."""
    nothing = jax.tree_util.tree_map(lambda _: False, model)
    return eqx.tree_at(
        lambda tree: (tree.layers[-1].weight, tree.layers[-1].bias), nothing, replace=(True, True)
    )


@eqx.filter_jit
def step(trained, frozen, state, optimiser, x, y):
    @eqx.filter_value_and_grad
    def loss_of(trained):
        model = eqx.combine(trained, frozen)
        return jnp.mean((jax.vmap(model)(x) - y) ** 2)

    loss, grads = loss_of(trained)
    updates, state = optimiser.update(grads, state, trained)
    return eqx.apply_updates(trained, updates), state, loss


def train(steps=20):
    """The loss of each step; raises if a frozen array changed."""
    model_key, x_key = jax.random.split(jax.random.key(8))
    model = eqx.nn.MLP(3, 2, 16, 2, key=model_key)
    trained, frozen = eqx.partition(model, trainable(model))
    optimiser = optax.sgd(0.1, momentum=0.9)
    state = optimiser.init(trained)
    x = jax.random.normal(x_key, (64, 3))
    y = jnp.stack([x.sum(axis=1), jnp.abs(x).max(axis=1)], axis=1)
    losses = []
    for _ in range(steps):
        trained, state, loss = step(trained, frozen, state, optimiser, x, y)
        losses.append(float(loss))
    tuned = eqx.combine(trained, frozen)
    same = eqx.tree_equal(tuned.layers[:-1], model.layers[:-1])
    if not same or eqx.tree_equal(tuned.layers[-1], model.layers[-1]):
        raise AssertionError("the wrong layers were trained")
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
