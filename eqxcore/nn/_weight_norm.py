"""Weight normalisation."""

import dataclasses
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._normalise import at_least_float32
from eqxcore.nn._replaced import replace_weight, weight_of
from eqxcore.nn._traced_once import traced_once

_Layer = TypeVar("_Layer")


@dataclasses.dataclass(frozen=True)
class NormExceptAxis:
    """The Euclidean norm over all axes but one; all of them for `None`. Every axis is kept."""

    axis: int | None

    def __call__(self, weight: Float[Array, "*shape"]) -> Float[Array, "*kept"]:
        """The norm, of size 1 along the axes that it is taken over."""
        return _norm(weight, axis=self.axis)


class WeightNorm(Module, Generic[_Layer]):
    """A layer whose weight is `g * v / |v|`: its length and its direction are learnt apart.

    `v` is the weight of the wrapped layer, and `g` begins as its norm, so that the layer computes
    what it did before.
    """

    layer: _Layer
    g: Float[Array, "*kept"]
    weight_name: str = field(static=True)
    axis: int | None = field(static=True)
    # Compared by what it does: two layers made alike are equal, and share a compiled program.
    _norm: Callable

    def __init__(self, layer: _Layer, weight_name: str = "weight", axis: int | None = 0) -> None:
        """The norm of `layer.weight_name` is taken over all axes but `axis`: for 0, one length for
        each neuron or channel. `axis=None` means one length for the whole array.

        Raises `ValueError` when the layer has no such array, or that has no such axis.
        """
        weight = weight_of(layer, weight_name, of="WeightNorm")
        if axis is not None and not -weight.ndim <= axis < weight.ndim:
            raise ValueError(
                f"`WeightNorm` got `axis={axis}`, and `{weight_name}` has shape {weight.shape}; "
                f"expected an axis of it, {-weight.ndim} to {weight.ndim - 1}, or `None` for one "
                "norm of the whole array."
            )
        self.layer = layer
        self.weight_name = weight_name
        self.axis = axis
        self._norm = NormExceptAxis(axis)
        self.g = self._norm(weight)

    @jax.named_scope("eqx.nn.WeightNorm")
    def __call__(
        self, x: Float[Array, "..."], *, key: PRNGKeyArray | None = None
    ) -> Float[Array, "..."]:
        """What `layer(x)` returns, with the weight normalised. `key` is ignored."""
        weight = weight_of(self.layer, self.weight_name, of="WeightNorm")
        weight = _rescale(weight, self.g, self._norm(weight))
        layer: Any = replace_weight(self.layer, self.weight_name, weight)
        return layer(x)


@traced_once(static=("axis",))
def _norm(weight: Float[Array, "*shape"], *, axis: int | None) -> Float[Array, "*kept"]:
    axes = None if axis is None else tuple(i for i in range(weight.ndim) if i != axis % weight.ndim)
    wide = weight.astype(at_least_float32(weight))
    return jnp.sqrt(jnp.sum(jnp.square(wide), axes, keepdims=True)).astype(weight.dtype)


@traced_once()
def _rescale(
    weight: Float[Array, "*shape"], g: Float[Array, "*kept"], norm: Float[Array, "*kept"]
) -> Float[Array, "*shape"]:
    # One division for each neuron, and not one for each weight.
    return weight * (g / norm)
