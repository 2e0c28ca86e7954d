"""Root-mean-square normalisation."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._normalise import NO_STATE, at_least_float32, check_exact_shape, scale_and_shift
from eqxcore.nn._parameters import default_dtype
from eqxcore.nn._traced_once import traced_once


class RMSNorm(Module):
    """Divides an array of one fixed shape by its root mean square, then scales and shifts.

    As `LayerNorm`, without taking the mean away.
    """

    shape: tuple[int, ...] = field(static=True)
    eps: float = field(static=True)
    use_weight: bool = field(static=True)
    use_bias: bool = field(static=True)
    weight: Float[Array, "*shape"] | None
    bias: Float[Array, "*shape"] | None

    def __init__(
        self,
        shape: int | Sequence[int],
        eps: float = 1e-5,
        use_weight: bool = True,
        use_bias: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:
        """Weight ones and bias zeros, of `shape`. `eps` is added to the mean square.

        `dtype=None` is JAX's default floating-point dtype.
        """
        dtype = default_dtype(dtype)
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.eps = eps
        self.use_weight = use_weight
        self.use_bias = use_bias
        self.weight = jnp.ones(self.shape, dtype) if use_weight else None
        self.bias = jnp.zeros(self.shape, dtype) if use_bias else None

    @jax.named_scope("eqx.nn.RMSNorm")
    def __call__(
        self,
        x: Float[Array, "*shape"],
        state: Any = NO_STATE,
        *,
        key: PRNGKeyArray | None = None,
    ) -> Any:
        """The output, of the shape and dtype of `x`; with `state`, a pair of it and that state.

        `key` is ignored. Raises `ValueError` unless `x.shape == self.shape`.
        """
        check_exact_shape(self, x, self.shape)
        out = _rms_norm(x, self.weight, self.bias, eps=self.eps)
        return out if state is NO_STATE else (out, state)


@traced_once(static=("eps",))
def _rms_norm(
    x: Float[Array, "*shape"],
    weight: Float[Array, "*shape"] | None,
    bias: Float[Array, "*shape"] | None,
    *,
    eps: float,
) -> Float[Array, "*shape"]:
    wide = x.astype(at_least_float32(x))
    normal = wide * jax.lax.rsqrt(jnp.mean(jnp.square(wide)) + eps)
    return scale_and_shift(normal, weight, bias).astype(x.dtype)
