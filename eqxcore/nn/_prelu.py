"""A leaky rectifier whose slope is learnt."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._module import Module
from eqxcore.nn._traced_once import traced_once


class PReLU(Module):
    """`x` where it is positive, `negative_slope * x` elsewhere."""

    negative_slope: Inexact[Array, "*slopes"]

    def __init__(self, init_alpha: ArrayLike | None = 0.25) -> None:
        """`init_alpha` is the initial slope: a number, or an array that broadcasts with `x`."""
        if init_alpha is None:
            raise ValueError(
                "`PReLU` got `init_alpha=None`; expected the initial slope, a number or an array. "
                "Leave it out for 0.25."
            )
        self.negative_slope = jnp.asarray(init_alpha)

    @jax.named_scope("eqx.nn.PReLU")
    def __call__(
        self, x: Inexact[Array, "*shape"], *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, "*shape"]:
        """The output, of the shape of `x`. `key` is ignored."""
        return _prelu(self.negative_slope, x)


@traced_once()
def _prelu(
    slope: Inexact[Array, "*slopes"], x: Inexact[Array, "*shape"]
) -> Inexact[Array, "*shape"]:
    return jnp.where(x >= 0, x, slope * x)
