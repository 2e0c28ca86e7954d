"""Layer normalisation."""

import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._normalise import (
    NO_STATE,
    at_least_float32,
    check_exact_shape,
    scale_and_shift,
    standardise,
)
from eqxcore.nn._parameters import default_dtype
from eqxcore.nn._traced_once import traced_once


class LayerNorm(Module):
    """Normalises over all elements of an array of one fixed shape, then scales and shifts each.

    Computes in at least float32, and returns the dtype it is given. Works on one example; for
    a batch, or along a sequence, `jax.vmap(layernorm)(x)`.
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
        *,
        elementwise_affine: bool | None = None,
    ) -> None:
        """Weight ones and bias zeros, of `shape`. `eps` is added to the variance.

        `dtype=None` is JAX's default floating-point dtype. `elementwise_affine` is an old name
        for both `use_weight` and `use_bias`.
        """
        if elementwise_affine is not None:
            warnings.warn(
                "`LayerNorm(elementwise_affine=...)` is deprecated in favour of "
                "`LayerNorm(use_weight=...)` and `LayerNorm(use_bias=...)`",
                stacklevel=3,  # the metaclass is in between
            )
            use_weight = use_bias = elementwise_affine
        dtype = default_dtype(dtype)
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.eps = eps
        self.use_weight = use_weight
        self.use_bias = use_bias
        self.weight = jnp.ones(self.shape, dtype) if use_weight else None
        self.bias = jnp.zeros(self.shape, dtype) if use_bias else None

    @jax.named_scope("eqx.nn.LayerNorm")
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
        out = _layer_norm(x, self.weight, self.bias, eps=self.eps)
        return out if state is NO_STATE else (out, state)


@traced_once(static=("eps",))
def _layer_norm(
    x: Float[Array, "*shape"],
    weight: Float[Array, "*shape"] | None,
    bias: Float[Array, "*shape"] | None,
    *,
    eps: float,
) -> Float[Array, "*shape"]:
    wide = x.astype(at_least_float32(x))
    normal, _ = standardise(wide, eps, tuple(range(wide.ndim)))
    return scale_and_shift(normal, weight, bias).astype(x.dtype)
