"""Vectors looked up by an integer."""

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Inexact, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._called_as import called_as
from eqxcore.nn._parameters import default_dtype, refuse_negative


class Embedding(Module):
    """A table of vectors, one for each of `num_embeddings` integers.

    Works on one integer; for a sequence, `jax.vmap(embedding)(tokens)`.
    """

    num_embeddings: int = field(static=True)
    embedding_size: int = field(static=True)
    weight: Inexact[Array, "num_embeddings embedding_size"]

    def __init__(
        self,
        num_embeddings: int | None = None,
        embedding_size: int | None = None,
        weight: Inexact[Array, "num_embeddings embedding_size"] | None = None,
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray | None = None,
    ) -> None:
        """Standard normal vectors made from `key`, or the table given as `weight`.

        `dtype=None` is JAX's default floating-point dtype. Raises `ValueError` when there is
        neither a weight nor all it takes to make one, or when the sizes contradict the weight.
        """
        if weight is None:
            if num_embeddings is None or embedding_size is None or key is None:
                raise ValueError(
                    f"`Embedding` got `num_embeddings={num_embeddings}`, `embedding_size="
                    f"{embedding_size}` and {'no key' if key is None else 'a key'}, and no "
                    "`weight`. Must provide `eqx.nn.Embedding(num_embeddings, embedding_size, "
                    "key=key)` if not providing the weight directly, `eqx.nn.Embedding("
                    "weight=weight)`."
                )
            refuse_negative((num_embeddings, embedding_size))
            weight = jax.random.normal(key, (num_embeddings, embedding_size), default_dtype(dtype))
        shape = jnp.shape(weight)
        sizes = (num_embeddings, embedding_size)
        if len(shape) != 2 or any(
            size is not None and size != found for size, found in zip(sizes, shape, strict=True)
        ):
            raise ValueError(
                f"`Embedding` got a weight of shape {shape}, `num_embeddings={num_embeddings}` and "
                f"`embedding_size={embedding_size}`; weight must have shape (num_embeddings, "
                "embedding_size). Give the weight alone: the sizes are read from it."
            )
        self.num_embeddings, self.embedding_size = shape
        self.weight = weight

    @jax.named_scope("eqx.nn.Embedding")
    def __call__(
        self, x: ArrayLike, *, key: PRNGKeyArray | None = None
    ) -> Inexact[Array, " embedding_size"]:
        """The vector of the integer `x`, of shape `()`. `key` is ignored.

        As everywhere in JAX, negative integers count from the end, and those past either end
        give the vector that is nearest, for nothing can be raised from compiled code.
        Raises `ValueError` when `x` has axes, `TypeError` when it is no integer.
        """
        shape = jnp.shape(x)
        if shape != ():
            raise ValueError(
                f"{called_as(self)} got an index of shape {shape}; it should be called with a "
                "scalar index. Use `jax.vmap(embedding)(indices)` to look up several, and "
                "`jax.vmap` once more for a batch."
            )
        dtype = jnp.result_type(x)
        if not jnp.issubdtype(dtype, jnp.integer):
            raise TypeError(
                f"{called_as(self)} got an index of dtype {dtype}; expected an integer. Use "
                "`x.astype(int)`, or `x @ embedding.weight` for a one-hot vector."
            )
        return jnp.asarray(self.weight)[x]
