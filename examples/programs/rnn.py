"""Is the sum of a sequence positive? A GRU and an LSTM read it with `lax.scan`."""

import jax
import jax.numpy as jnp
import optax

import eqxcore as eqx


class Reader(eqx.Module):
    gru: eqx.nn.GRUCell
    lstm: eqx.nn.LSTMCell
    head: eqx.nn.Linear
    width: int = eqx.field(static=True)

    def __init__(self, width, key):
        gru_key, lstm_key, head_key = jax.random.split(key, 3)
        self.gru = eqx.nn.GRUCell(1, width, key=gru_key)
        self.lstm = eqx.nn.LSTMCell(width, width, key=lstm_key)
        self.head = eqx.nn.Linear(width, "scalar", key=head_key)
        self.width = width

    def __call__(self, sequence):
        def read(carry, x):
            hidden, memory = carry
            hidden = self.gru(x, hidden)
            return (hidden, self.lstm(hidden, memory)), None

        zeros = jnp.zeros(self.width)
        (_, (last, _)), _ = jax.lax.scan(read, (zeros, (zeros, zeros)), sequence)
        return self.head(last)


@eqx.filter_jit(donate="all-except-first")
def step(sequences, model, state, optimiser):
    @eqx.filter_value_and_grad
    def loss_of(model):
        scores = jax.vmap(model)(sequences)
        positive = jnp.sum(sequences, axis=(1, 2)) > 0
        return jnp.mean(optax.sigmoid_binary_cross_entropy(scores, positive.astype(jnp.float32)))

    loss, grads = loss_of(model)
    updates, state = optimiser.update(grads, state)
    return eqx.apply_updates(model, updates), state, loss


def train(steps=15):
    """The loss of each step."""
    model = Reader(8, jax.random.key(2))
    optimiser = optax.adam(1e-2)
    state = optimiser.init(eqx.filter(model, eqx.is_array))
    losses = []
    for key in jax.random.split(jax.random.key(3), steps):
        sequences = jax.random.normal(key, (32, 10, 1))
        model, state, loss = step(sequences, model, state, optimiser)
        losses.append(float(loss))
    return losses


if __name__ == "__main__":
    print(*(f"{loss:.6f}" for loss in train()))
