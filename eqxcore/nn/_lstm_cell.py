"""One step of a long short-term memory."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._parameters import uniform_arrays
from eqxcore.nn._recurrent import check_vector, recurrent_limit
from eqxcore.nn._traced_once import traced_once


class LSTMCell(Module):
    """A long short-term memory: from an input and `(hidden, cell)` to the next `(hidden, cell)`.

    For a sequence, `jax.lax.scan(lambda state, x: (lstm(x, state), None), state, xs)`.
    """

    weight_ih: Float[Array, "4*hidden input"]
    weight_hh: Float[Array, "4*hidden hidden"]
    bias: Float[Array, " 4*hidden"] | None
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

        The rows of the weights are those of the input gate, the forget gate, the candidate and
        the output gate. `dtype=None` is JAX's default floating-point dtype.
        """
        rows = 4 * hidden_size
        self.weight_ih, self.weight_hh, self.bias = uniform_arrays(  # type: ignore[assignment]
            key,
            recurrent_limit(hidden_size),
            shapes=((rows, input_size), (rows, hidden_size), (rows,) if use_bias else None),
            dtype=dtype,
        )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.use_bias = use_bias

    @jax.named_scope("eqx.nn.LSTMCell")
    def __call__(
        self,
        input: Float[Array, " input"],
        hidden: tuple[Float[Array, " hidden"], Float[Array, " hidden"]],
        *,
        key: PRNGKeyArray | None = None,
    ) -> tuple[Float[Array, " hidden"], Float[Array, " hidden"]]:
        """The next `(hidden, cell)`, both of shape `(hidden_size,)`. `key` is ignored.

        Raises `ValueError` when a vector has another shape.
        """
        h, c = hidden
        check_vector(self, "input", input, self.input_size)
        check_vector(self, "hidden[0]", h, self.hidden_size)
        check_vector(self, "hidden[1]", c, self.hidden_size)
        return _lstm(self.weight_ih, self.weight_hh, self.bias, input, h, c)


@traced_once()
def _lstm(
    weight_ih: Float[Array, "4*hidden input"],
    weight_hh: Float[Array, "4*hidden hidden"],
    bias: Float[Array, " 4*hidden"] | None,
    input: Float[Array, " input"],
    hidden: Float[Array, " hidden"],
    cell: Float[Array, " hidden"],
) -> tuple[Float[Array, " hidden"], Float[Array, " hidden"]]:
    gates = weight_ih @ input + weight_hh @ hidden
    if bias is not None:
        gates = gates + bias
    in_gate, forget_gate, candidate, out_gate = jnp.split(gates, 4)
    cell = jax.nn.sigmoid(forget_gate) * cell + jax.nn.sigmoid(in_gate) * jnp.tanh(candidate)
    return jax.nn.sigmoid(out_gate) * jnp.tanh(cell), cell
