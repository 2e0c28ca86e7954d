"""Rotary positional embedding."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._parameters import default_dtype
from eqxcore.nn._traced_once import traced_once


def _default_float() -> Any:
    return jnp.float64 if default_dtype(None) == np.float64 else jnp.float32


class RotaryPositionalEmbedding(Module):
    """Turns each vector of a sequence by angles proportional to its place.

    So the product of two of them depends on how far apart they are. Works on one head; for
    attention:

        rope = eqx.nn.RotaryPositionalEmbedding(qk_size)
        heads = jax.vmap(rope, in_axes=1, out_axes=1)

        def process_heads(queries, keys, values):
            return heads(queries), heads(keys), values

        attention(x, x, x, process_heads=process_heads)
    """

    embedding_size: int = field(static=True)
    theta: float = field(static=True, default=10_000.0)
    """The slowest of the angles is about `1 / theta` a place."""
    dtype: Any = field(static=True, default_factory=_default_float)
    """Of the sines and cosines; it is given by name, `jnp.float32`."""

    def __check_init__(self) -> None:
        if self.embedding_size < 0:
            raise ValueError(
                f"`RotaryPositionalEmbedding` got `embedding_size={self.embedding_size}`. "
                "`embedding_size` must not be negative; expected the size of one head."
            )
        if self.embedding_size % 2 != 0:
            raise ValueError(
                f"`RotaryPositionalEmbedding` got `embedding_size={self.embedding_size}`. "
                "`embedding_size` must be even, for the elements are turned in pairs."
            )

    @staticmethod
    def rotate_half(
        x: Float[Array, "seq_length embedding_size"],
    ) -> Float[Array, "seq_length embedding_size"]:
        """Each pair `(a, b)`, half a vector apart, turned by a right angle: `(-b, a)`."""
        half = x.shape[-1] // 2
        return jnp.concatenate([-x[..., half:], x[..., :half]], axis=-1)

    @staticmethod
    def precompute_freqs_cis(
        embedding_size: int, end: int, theta: float, dtype: Any
    ) -> tuple[Float[Array, "end half_size"], Float[Array, "end half_size"]]:
        """Cosines and sines of the angles at places 0 to `end - 1`, one for each pair."""
        cosines, sines = _angles(embedding_size, end, theta, default_dtype(dtype))
        return jnp.asarray(cosines), jnp.asarray(sines)

    @jax.named_scope("eqx.nn.RotaryPositionalEmbedding")
    def __call__(
        self,
        x: Float[Array, "seq_length embedding_size"],
        *,
        key: PRNGKeyArray | None = None,
    ) -> Float[Array, "seq_length embedding_size"]:
        """The turned vectors, of the shape and dtype of `x`. `key` is ignored.

        Raises `ValueError` unless `x` is a sequence of vectors of `embedding_size`, `TypeError`
        when it is of integers, and under strict promotion JAX's `TypePromotionError` when it is of
        another dtype than the layer.
        """
        shape = jnp.shape(x)
        if len(shape) != 2 or shape[1] != self.embedding_size:
            message = (
                f"{called_as(self)} got `x` of shape {shape}. x.shape[-1] must match "
                f"self.embedding_size; expected (length, {self.embedding_size})."
            )
            if len(shape) == 3:
                message += (
                    " For the heads of attention, (length, heads, size), use `jax.vmap(rope, "
                    "in_axes=1, out_axes=1)(x)`; for a batch, `jax.vmap(rope)(x)`."
                )
            raise ValueError(message)
        if not jnp.issubdtype(x.dtype, jnp.inexact):
            raise TypeError(
                f"{called_as(self)} got `x` of dtype {x.dtype}; expected floating-point numbers, "
                "for turned vectors are no integers: `x.astype(jnp.float32)`."
            )
        dtype = default_dtype(self.dtype)
        self._check_promotion(x.dtype, dtype)
        # Cut from a longer table, so that one serves all lengths up to twice the first.
        length = shape[0]
        rounded = 1 << max(length - 1, 0).bit_length()
        cosines, sines = _angles(self.embedding_size, rounded, self.theta, dtype)
        return _turn(x, jnp.asarray(cosines[:length]), jnp.asarray(sines[:length]))

    def _check_promotion(self, x: np.dtype, dtype: np.dtype) -> None:
        try:
            jnp.promote_types(x, dtype)
        except ValueError as error:
            # JAX's own type of error, under the name that it has in this version.
            raise type(error)(
                f"{called_as(self)} got `x` of dtype {x}, and has sines and cosines of dtype "
                f"{dtype}, which `jax_numpy_dtype_promotion` does not let JAX mix. Make the layer "
                f"with `dtype=jnp.{x}`, or give it `x.astype(jnp.{dtype})`."
            ) from None


# By everything that it depends on. A table of 8,192 places and a size of 128 takes 4 MB.
@functools.lru_cache(maxsize=16)
def _angles(size: int, end: int, theta: float, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, on the host: they are constants of the program.

    Worked out in double precision. In single precision, the angle at place 10,000 is wrong by a
    thousandth, in whatever dtype the sine is given.
    """
    frequencies = theta ** (-np.arange(0, size, 2, dtype=np.float64) / max(size, 1))
    angles = np.arange(end, dtype=np.float64)[:, None] * frequencies
    tables = np.cos(angles).astype(dtype), np.sin(angles).astype(dtype)
    for table in tables:
        table.flags.writeable = False
    return tables


@traced_once()
def _turn(
    x: Float[Array, "seq_length embedding_size"],
    cosines: Float[Array, "seq_length half_size"],
    sines: Float[Array, "seq_length half_size"],
) -> Float[Array, "seq_length embedding_size"]:
    with jax.numpy_dtype_promotion("standard"):
        wide = jnp.promote_types(x.dtype, cosines.dtype)
    first, second = jnp.split(x.astype(wide), 2, axis=-1)
    cosines, sines = cosines.astype(wide), sines.astype(wide)
    turned = [first * cosines - second * sines, second * cosines + first * sines]
    return jnp.concatenate(turned, axis=-1).astype(x.dtype)
