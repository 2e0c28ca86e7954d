"""Spectral normalisation."""

from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import field
from eqxcore.nn._normalise import at_least_float32
from eqxcore.nn._parameters import split_keys
from eqxcore.nn._replaced import replace_weight, weight_of
from eqxcore.nn._state import State, StateIndex
from eqxcore.nn._stateful_layer import StatefulLayer
from eqxcore.nn._traced_once import traced_once

_Layer = TypeVar("_Layer")

Directions = tuple[Float[Array, " out"], Float[Array, " rest"]]
"""The left and the right singular vector of the largest singular value, nearly."""

_FIRST_ITERATIONS = 15
"""Power iterations on the random vectors that one begins with."""


class SpectralNorm(StatefulLayer, Generic[_Layer]):
    """A layer whose weight is divided by its largest singular value.

    That value is estimated by power iterations, continued at every call from where the state says
    they are; so it follows a weight that changes slowly. In inference they rest.
    """

    layer: _Layer
    weight_name: str = field(static=True)
    uv_index: StateIndex[Directions]
    num_power_iterations: int = field(static=True)
    eps: float = field(static=True)
    inference: bool

    def __init__(
        self,
        layer: _Layer,
        weight_name: str,
        num_power_iterations: int = 1,
        eps: float = 1e-12,
        inference: bool = False,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """`layer.weight_name` is the array; of more than two axes, all but the first count as one.

        `num_power_iterations` are done at every call. No norm is divided by less than `eps`. The
        vectors have the dtype of the array.

        Raises `ValueError` when the layer has no such array, or it has fewer than two axes.
        """
        weight = weight_of(layer, weight_name, of="SpectralNorm")
        if weight.ndim < 2:
            raise ValueError(
                f"`SpectralNorm` got `{weight_name}` of shape {weight.shape}. `weight` must be at "
                "least two-dimensional, for the singular values are those of a matrix: name "
                "another array of the layer in `weight_name`."
            )
        rows = weight.shape[0]
        left_key, right_key = split_keys(key, num=2)
        left = jax.random.normal(left_key, (rows,), weight.dtype)
        right = jax.random.normal(right_key, (weight.size // max(rows, 1),), weight.dtype)
        directions = _iterate(weight, left, right, iterations=_FIRST_ITERATIONS, eps=eps)
        self.layer = layer
        self.weight_name = weight_name
        self.uv_index = StateIndex(directions)
        self.num_power_iterations = num_power_iterations
        self.eps = eps
        self.inference = inference

    @jax.named_scope("eqx.nn.SpectralNorm")
    def __call__(
        self,
        x: Float[Array, "..."],
        state: State,
        *,
        key: PRNGKeyArray | None = None,
        inference: bool | None = None,
    ) -> tuple[Float[Array, "..."], State]:
        """What `layer(x)` returns, with the weight normalised, and the new state.

        `inference` overrides the layer's own for this call. `key` is ignored.
        """
        if inference is None:
            inference = self.inference
        weight = weight_of(self.layer, self.weight_name, of="SpectralNorm")
        directions = state.get(self.uv_index)
        if not inference:
            directions = _iterate(
                weight, *directions, iterations=self.num_power_iterations, eps=self.eps
            )
            state = state.set(self.uv_index, directions)
        weight = _divide(weight, *directions)
        layer: Any = replace_weight(self.layer, self.weight_name, weight)
        return layer(x), state


@traced_once(static=("iterations", "eps"))
def _iterate(
    weight: Float[Array, "out *rest"],
    left: Float[Array, " out"],
    right: Float[Array, " rest"],
    *,
    iterations: int,
    eps: float,
) -> Directions:
    # The vectors count as constants: the gradient of the singular value is exact without them.
    wide = at_least_float32(weight)
    matrix = jax.lax.stop_gradient(_as_matrix(weight)).astype(wide)

    def unit(vector: Array) -> Array:
        return vector / jnp.maximum(jnp.sqrt(jnp.sum(jnp.square(vector))), eps)

    def step(_: Any, directions: Directions) -> Directions:
        left = unit(matrix @ directions[1])
        return left, unit(left @ matrix)

    left, right = jax.lax.stop_gradient((left.astype(wide), right.astype(wide)))
    # A loop, for what is made with many; one iteration is spelled out.
    left, right = jax.lax.fori_loop(0, iterations, step, (left, right), unroll=iterations == 1)
    return left.astype(weight.dtype), right.astype(weight.dtype)


@traced_once()
def _divide(
    weight: Float[Array, "out *rest"], left: Float[Array, " out"], right: Float[Array, " rest"]
) -> Float[Array, "out *rest"]:
    wide = at_least_float32(weight)
    matrix = _as_matrix(weight).astype(wide)
    left, right = jax.lax.stop_gradient((left.astype(wide), right.astype(wide)))
    value = left @ (matrix @ right)
    return (weight.astype(wide) / value).astype(weight.dtype)


def _as_matrix(weight: Float[Array, "out *rest"]) -> Float[Array, "out rest"]:
    return weight.reshape(weight.shape[0], -1)
