"""One step of a gated recurrent unit."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._parameters import uniform_arrays
from eqxcore.nn._recurrent import check_vector, recurrent_limit
from eqxcore.nn._traced_once import traced_once


class GRUCell(Module):
    """A gated recurrent unit: from an input and a hidden vector to the next hidden vector.

    For a sequence, `jax.lax.scan(lambda h, x: (cell(x, h), None), h, xs)`.
    """

    weight_ih: Float[Array, "3*hidden input"]
    weight_hh: Float[Array, "3*hidden hidden"]
    bias: Float[Array, " 3*hidden"] | None
    bias_n: Float[Array, " hidden"] | None
    input_size: int = field(static=True)
    hidden_size: int = field(static=True)
    use_bias: bool = field(static=True)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        use_bias: bool = True,
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """All arrays are uniform on plus or minus `1 / sqrt(hidden_size)`.

        The rows of the weights are those of the reset gate, the update gate and the candidate.
        `dtype=None` is JAX's default floating-point dtype.
        """
        rows = 3 * hidden_size
        self.weight_ih, self.weight_hh, self.bias, self.bias_n = uniform_arrays(  # type: ignore[assignment]
            key,
            recurrent_limit(hidden_size),
            shapes=(
                (rows, input_size),
                (rows, hidden_size),
                (rows,) if use_bias else None,
                (hidden_size,) if use_bias else None,
            ),
            dtype=dtype,
        )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.use_bias = use_bias

    @jax.named_scope("eqx.nn.GRUCell")
    def __call__(
        self,
        input: Float[Array, " input"],
        hidden: Float[Array, " hidden"],
        *,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, " hidden"]:
        """The next hidden vector, of shape `(hidden_size,)`. `key` is ignored.

        Raises `ValueError` when either vector has another shape.
        """
        check_vector(self, "input", input, self.input_size)
        check_vector(self, "hidden", hidden, self.hidden_size)
        return _gru(self.weight_ih, self.weight_hh, self.bias, self.bias_n, input, hidden)


@traced_once()
def _gru(
    weight_ih: Float[Array, "3*hidden input"],
    weight_hh: Float[Array, "3*hidden hidden"],
    bias: Float[Array, " 3*hidden"] | None,
    bias_n: Float[Array, " hidden"] | None,
    input: Float[Array, " input"],
    hidden: Float[Array, " hidden"],
) -> Float[Array, " hidden"]:
    from_input = weight_ih @ input
    if bias is not None:
        from_input = from_input + bias
    reset_in, update_in, candidate_in = jnp.split(from_input, 3)
    reset_hidden, update_hidden, candidate_hidden = jnp.split(weight_hh @ hidden, 3)
    if bias_n is not None:
        candidate_hidden = candidate_hidden + bias_n
    reset = jax.nn.sigmoid(reset_in + reset_hidden)
    update = jax.nn.sigmoid(update_in + update_hidden)
    candidate = jnp.tanh(candidate_in + reset * candidate_hidden)
    return candidate + update * (hidden - candidate)
