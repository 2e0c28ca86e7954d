"""Normalise numbers to mean 0 and variance 1: what the normalisation layers share."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from eqxcore._module import Module
from eqxcore.nn._called_as import called_as

NO_STATE: Any = object()
"""The default of a `state` argument: none was given, so none is returned."""


def at_least_float32(x: Float[Array, "*shape"], *others: Array | None) -> Any:
    """The dtype to compute in: that of all arguments, and float32 or more.

    Squares of half-precision numbers overflow and lose what the variance is made of. The
    promotion is meant, whatever `jax_numpy_dtype_promotion` says of others'.
    """
    with jax.numpy_dtype_promotion("standard"):
        return jnp.result_type(jnp.float32, x, *[other for other in others if other is not None])


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def standardise(
    x: Float[Array, "*shape"], eps: float, axes: tuple[int, ...]
) -> tuple[Float[Array, "*shape"], Float[Array, "*ones"]]:
    """`x`, shifted and scaled to mean 0 and variance 1 over `axes`; and by what it was scaled."""
    centred = x - jnp.mean(x, axes, keepdims=True)
    variance = jnp.mean(jnp.square(centred), axes, keepdims=True)
    scale = jax.lax.rsqrt(variance + eps)
    return centred * scale, scale


@standardise.defjvp
def _standardise_jvp(
    eps: float, axes: tuple[int, ...], primals: tuple[Array], tangents: tuple[Array]
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Of the outputs alone, so that a gradient keeps one array of the size of `x`, and not two.

    Each derivative is made of the outputs again, so that there are as many as one asks for.
    """
    normal, scale = standardise(*primals, eps, axes)
    (tangent,) = tangents
    along = jnp.mean(normal * tangent, axes, keepdims=True)
    across = tangent - jnp.mean(tangent, axes, keepdims=True) - normal * along
    return (normal, scale), (scale * across, -jnp.square(scale) * along)


def scale_and_shift(
    x: Float[Array, "*shape"],
    weight: Float[Array, "*shape"] | None,
    bias: Float[Array, "*shape"] | None,
) -> Float[Array, "*shape"]:
    """`weight * x + bias`, leaving out what is `None`."""
    dtype = at_least_float32(x, weight, bias)
    x = x.astype(dtype)
    if weight is not None:
        x = weight.astype(dtype) * x
    if bias is not None:
        x = x + bias.astype(dtype)
    return x


def check_exact_shape(layer: Module, x: Any, shape: tuple[int, ...]) -> None:
    """Raise `ValueError` unless `x` has precisely this shape."""
    found = jnp.shape(x)
    if found == shape:
        return
    message = f"{called_as(layer)} got `x` of shape {found}; expected its own `shape`, {shape}."
    if len(found) > len(shape) and found[len(found) - len(shape) :] == shape:
        message += (
            " For a batch, or every element of a sequence, use "
            f"`jax.vmap({type(layer).__name__.lower()})(x)`."
        )
    raise ValueError(message)
