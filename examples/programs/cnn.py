"""Tell vertical stripes from horizontal ones: convolution, pooling, dropout, cross entropy."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx


class Classifier(eqx.Module):
    layers: list

    def __init__(self, key):
        first, second, last = jax.random.split(key, 3)
        self.layers = [
            eqx.nn.Conv2d(1, 4, kernel_size=3, padding=1, key=first),
            eqx.nn.Lambda(jax.nn.relu),
            eqx.nn.MaxPool2d(kernel_size=2, stride=2),
            eqx.nn.Conv2d(4, 8, kernel_size=3, padding="SAME", key=second),
            eqx.nn.GroupNorm(groups=2, channels=8),
            jax.nn.relu,
            eqx.nn.AdaptiveAvgPool2d(2),
            jnp.ravel,
            eqx.nn.Dropout(0.1),
            eqx.nn.Linear(32, 2, key=last),
        ]

    def __call__(self, image, key):
        for layer in self.layers:
            image = layer(image, key=key) if isinstance(layer, eqx.nn.Dropout) else layer(image)
        return image


def data(key, size):
    label_key, noise_key = jax.random.split(key)
    labels = jax.random.bernoulli(label_key, shape=(size,)).astype(jnp.int32)
    stripes = jnp.broadcast_to(jnp.arange(8) % 2, (8, 8)).astype(jnp.float32)
    images = jnp.where(labels[:, None, None] == 1, stripes, stripes.T)
    return images[:, None] + 0.2 * jax.random.normal(noise_key, (size, 1, 8, 8)), labels


@eqx.filter_jit
def step(model, state, optimiser, images, labels, key):
    def loss_of(model):
        scores = jax.vmap(model)(images, jax.random.split(key, len(images)))
        losses = optax.softmax_cross_entropy_with_integer_labels(scores, labels)
        return jnp.mean(losses), jnp.mean(jnp.argmax(scores, axis=1) == labels)

    (loss, accuracy), grads = eqx.filter_value_and_grad(loss_of, has_aux=True)(model)
    updates, state = optimiser.update(grads, state, eqx.filter(model, eqx.is_inexact_array))
    return eqx.apply_updates(model, updates), state, loss, accuracy


def train(steps=12):
    """The loss of each step."""
    key = jax.random.key(1)
    model = Classifier(key)
    optimiser = optax.adamw(2e-2)
    state = optimiser.init(eqx.filter(model, eqx.is_inexact_array))
    losses = []
    for step_key in jax.random.split(key, steps):
        data_key, dropout_key = jax.random.split(step_key)
        images, labels = data(data_key, 16)
        model, state, loss, _ = step(model, state, optimiser, images, labels, dropout_key)
        losses.append(float(loss))
    # Without dropout the model is a function of the image alone.
    model = eqx.nn.inference_mode(model)
    images, labels = data(key, 16)
    scores = jax.vmap(lambda image: model(image, None))(images)
    losses.append(float(optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
