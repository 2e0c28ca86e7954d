"""Group normalisation."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._normalise import NO_STATE, at_least_float32, scale_and_shift, standardise
from eqxcore.nn._parameters import default_dtype
from eqxcore.nn._traced_once import traced_once


class GroupNorm(Module):
    """Splits the channels into groups, normalises over each, then scales and shifts by channel.

    Works on one example, channels first; for a batch, `jax.vmap(groupnorm)(batch)`. With
    `groups=1` it is layer normalisation, with `groups=channels` instance normalisation.
    """

    groups: int = field(static=True)
    channels: int | None = field(static=True)
    eps: float = field(static=True)
    channelwise_affine: bool = field(static=True)
    weight: Float[Array, " channels"] | None
    bias: Float[Array, " channels"] | None

    def __init__(
        self,
        groups: int,
        channels: int | None = None,
        eps: float = 1e-5,
        channelwise_affine: bool = True,
        dtype: DTypeLike | None = None,
    ) -> None:
        """Weight ones and bias zeros, one of each for a channel. `eps` is added to the variance.

        `channels` may be left out only with `channelwise_affine=False`. `dtype=None` is JAX's
        default floating-point dtype. Raises `ValueError` where the numbers do not fit.
        """
        if channels is None:
            if channelwise_affine:
                raise ValueError(
                    "`GroupNorm` got no `channels`; the number of channels should be specified if "
                    "`channelwise_affine=True`, for it is the size of the weight. Use "
                    "`GroupNorm(groups, channels)`."
                )
        elif channels % groups != 0:
            raise ValueError(
                f"`GroupNorm` got `groups` {groups} and `channels` {channels}; the number of "
                "groups must divide the number of channels."
            )
        dtype = default_dtype(dtype)
        self.groups = groups
        self.channels = channels
        self.eps = eps
        self.channelwise_affine = channelwise_affine
        self.weight = jnp.ones(channels, dtype) if channelwise_affine and channels else None
        self.bias = jnp.zeros(channels, dtype) if channelwise_affine and channels else None

    @jax.named_scope("eqx.nn.GroupNorm")
    def __call__(
        self,
        x: Float[Array, "channels *spatial"],
        state: Any = NO_STATE,
        *,
        key: PRNGKeyArray | None = None,
    ) -> Any:
        """The output, of the shape and dtype of `x`; with `state`, a pair of it and that state.

        `key` is ignored. Raises `ValueError` unless the first axis of `x` is the channels.
        """
        shape = jnp.shape(x)
        wrong = not shape or (
            shape[0] % self.groups != 0 if self.channels is None else shape[0] != self.channels
        )
        if wrong:
            channels = self.channels or f"a multiple of {self.groups}"
            raise ValueError(
                f"{called_as(self)} got `x` of shape {shape}; expected channels first, {channels} "
                "of them. For a batch, use `jax.vmap(groupnorm)(x)`; for channels last, "
                "`jnp.moveaxis(x, -1, 0)`."
            )
        out = _group_norm(x, self.weight, self.bias, groups=self.groups, eps=self.eps)
        return out if state is NO_STATE else (out, state)


@traced_once(static=("groups", "eps"))
def _group_norm(
    x: Float[Array, "channels *spatial"],
    weight: Float[Array, " channels"] | None,
    bias: Float[Array, " channels"] | None,
    *,
    groups: int,
    eps: float,
) -> Float[Array, "channels *spatial"]:
    channels, *spatial = x.shape
    grouped = x.astype(at_least_float32(x)).reshape(groups, channels // groups, *spatial)
    normal, _ = standardise(grouped, eps, tuple(range(1, grouped.ndim)))
    normal = normal.reshape(x.shape)

    def by_channel(array: Array | None) -> Array | None:
        return None if array is None else array.reshape(channels, *[1] * len(spatial))

    return scale_and_shift(normal, by_channel(weight), by_channel(bias)).astype(x.dtype)
