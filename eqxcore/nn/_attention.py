"""Multihead attention."""

import warnings
from collections.abc import Callable
from math import sqrt
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Bool, Float, PRNGKeyArray

from eqxcore._module import Module, field
from eqxcore.nn._attention_blocks import by_blocks, is_long
from eqxcore.nn._called_as import called_as
from eqxcore.nn._dropout import Dropout, drops_nothing
from eqxcore.nn._linear import Linear
from eqxcore.nn._parameters import split_keys
from eqxcore.nn._traced_once import traced_once

Heads = Float[Array, "sequence heads size"]
"""What `process_heads` sees: a vector for each head at each place of a sequence."""


class MultiheadAttention(Module):
    """Attention by several heads, each on its own projection of queries, keys and values.

    Works on one sequence; for a batch, `jax.vmap(attention)(queries, keys, values)`.
    """

    query_proj: Linear
    key_proj: Linear
    value_proj: Linear
    output_proj: Linear
    dropout: Dropout
    num_heads: int = field(static=True)
    query_size: int = field(static=True)
    key_size: int = field(static=True)
    value_size: int = field(static=True)
    output_size: int = field(static=True)
    qk_size: int = field(static=True)
    vo_size: int = field(static=True)
    use_query_bias: bool = field(static=True)
    use_key_bias: bool = field(static=True)
    use_value_bias: bool = field(static=True)
    use_output_bias: bool = field(static=True)

    def __init__(
        self,
        num_heads: int,
        query_size: int,
        key_size: int | None = None,
        value_size: int | None = None,
        output_size: int | None = None,
        qk_size: int | None = None,
        vo_size: int | None = None,
        use_query_bias: bool = False,
        use_key_bias: bool = False,
        use_value_bias: bool = False,
        use_output_bias: bool = False,
        dropout_p: float = 0.0,
        inference: bool = False,
        dtype: DTypeLike | None = None,
        *,
        key: PRNGKeyArray,
    ) -> None:
        """`key_size`, `value_size` and `output_size` are `query_size` where they are `None`.

        `qk_size` and `vo_size` are the sizes of one head, `query_size // num_heads` for `None`.
        `dropout_p` is the probability of dropping an attention weight. `dtype=None` is JAX's
        default floating-point dtype.
        """
        key_size = query_size if key_size is None else key_size
        value_size = query_size if value_size is None else value_size
        output_size = query_size if output_size is None else output_size
        qk_size = query_size // num_heads if qk_size is None else qk_size
        vo_size = query_size // num_heads if vo_size is None else vo_size
        query_key, key_key, value_key, output_key = split_keys(key, num=4)
        in_heads, out_heads = num_heads * qk_size, num_heads * vo_size
        self.query_proj = Linear(query_size, in_heads, use_query_bias, dtype, key=query_key)
        self.key_proj = Linear(key_size, in_heads, use_key_bias, dtype, key=key_key)
        self.value_proj = Linear(value_size, out_heads, use_value_bias, dtype, key=value_key)
        self.output_proj = Linear(out_heads, output_size, use_output_bias, dtype, key=output_key)
        self.dropout = Dropout(dropout_p, inference=inference)
        self.num_heads = num_heads
        self.query_size = query_size
        self.key_size = key_size
        self.value_size = value_size
        self.output_size = output_size
        self.qk_size = qk_size
        self.vo_size = vo_size
        self.use_query_bias = use_query_bias
        self.use_key_bias = use_key_bias
        self.use_value_bias = use_value_bias
        self.use_output_bias = use_output_bias

    @jax.named_scope("eqx.nn.MultiheadAttention")
    def __call__(
        self,
        query: Float[Array, "queries query_size"],
        key_: Float[Array, "places key_size"],
        value: Float[Array, "places value_size"],
        mask: Bool[Array, "queries places"] | Bool[Array, "heads queries places"] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        inference: bool | None = None,
        deterministic: bool | None = None,
        process_heads: Callable[[Heads, Heads, Heads], tuple[Heads, Heads, Heads]] | None = None,
    ) -> Float[Array, "queries output_size"]:
        """One output for each query, of shape `(queries, output_size)`.

        `mask` is True where a query may look; one for all heads, or one each. `key` is for the
        dropout, and `inference` overrides the layer's own. `process_heads` is given the
        projected queries, keys and values, each of shape `(sequence, heads, size)`, and returns
        them changed, as a rotary embedding does, in the same shapes.

        Raises `ValueError` where shapes do not fit together.
        """
        if deterministic is not None:
            warnings.warn(
                "`MultiheadAttention()(deterministic=...)` is deprecated in favour of "
                "`MultiheadAttention()(inference=...)`",
                stacklevel=3,
            )
            inference = deterministic
        _check_sequences(self, query, key_, value, mask)
        queries = self._heads(self.query_proj, query)
        keys = self._heads(self.key_proj, key_)
        values = self._heads(self.value_proj, value)
        if process_heads is not None:
            shapes = (queries.shape, keys.shape, values.shape)
            queries, keys, values = process_heads(queries, keys, values)
            if (queries.shape, keys.shape, values.shape) != shapes:
                raise ValueError(
                    f"`process_heads` returned shapes {queries.shape}, {keys.shape} and "
                    f"{values.shape} for queries, keys and values of {shapes[0]}, {shapes[1]} and "
                    f"{shapes[2]}; process_heads must not change the shape of the heads."
                )
        # Another layer may stand in for the dropout.
        if type(self.dropout) is Dropout and drops_nothing(self.dropout, inference):
            attended = _attention(queries, keys, values, mask)
        else:
            weights = _attention_weights(queries, keys, mask)
            attended = _attend(self._drop(weights, key, inference), values)
        return _each_place(self.output_proj, attended)

    def _heads(self, projection: Callable, x: Float[Array, "sequence size"]) -> Heads:
        projected = _each_place(projection, x)
        return projected.reshape(len(projected), self.num_heads, -1)

    def _drop(
        self,
        weights: Float[Array, "heads queries places"],
        key: PRNGKeyArray | None,
        inference: bool | None,
    ) -> Float[Array, "heads queries places"]:
        if key is None:
            return self.dropout(weights, inference=inference)
        keys = jax.random.split(key, self.num_heads)
        # One key for each head.
        return jax.vmap(lambda x, key: self.dropout(x, key=key, inference=inference))(weights, keys)


def _each_place(layer: Callable, x: Float[Array, "sequence size"]) -> Float[Array, "sequence out"]:
    """`layer`, applied at each place of a sequence."""
    # A projection may have been replaced, by a low-rank one for example.
    if _is_plain(layer):
        return _rows(x, layer.weight, layer.bias)
    return jax.vmap(layer)(x)


def _is_plain(layer: Any) -> TypeGuard[Linear]:
    return type(layer) is Linear and jnp.ndim(layer.weight) == 2


@traced_once()
def _rows(
    x: Float[Array, "sequence in"],
    weight: Float[Array, "out in"],
    bias: Float[Array, " out"] | None,
) -> Float[Array, "sequence out"]:
    # In this order of factors, as in `_attend`: on a CPU it takes up to a tenth less.
    y = (weight @ x.T).T
    return y if bias is None else y + bias[None]


@traced_once()
def _attention(
    queries: Float[Array, "queries heads size"],
    keys: Float[Array, "places heads size"],
    values: Float[Array, "places heads size"],
    mask: Bool[Array, "queries places"] | Bool[Array, "heads queries places"] | None,
) -> Float[Array, "queries heads*size"]:
    if is_long(queries.shape[1], len(queries), len(keys)):
        return by_blocks(_attend_to_all, queries, keys, values, mask)
    return _attend_to_all(queries, keys, values, mask)


def _attend_to_all(
    queries: Array, keys: Array, values: Array, mask: Array | None
) -> Float[Array, "queries heads*size"]:
    return _attend(_attention_weights(queries, keys, mask), values)


@traced_once()
def _attention_weights(
    queries: Float[Array, "queries heads size"],
    keys: Float[Array, "places heads size"],
    mask: Bool[Array, "queries places"] | Bool[Array, "heads queries places"] | None,
) -> Float[Array, "heads queries places"]:
    # Scaled before the product, which half precision could not hold otherwise.
    logits = jnp.einsum("qhs,khs->hqk", queries / sqrt(queries.shape[-1]), keys)
    if mask is not None:
        # Not minus infinity: a query that may look nowhere would be NaN, in its gradient too.
        allowed = mask[None] if mask.ndim == 2 else mask
        allowed = jnp.broadcast_to(allowed, logits.shape)
        logits = jnp.where(allowed, logits, jnp.finfo(logits.dtype).min)
    with jax.numpy_dtype_promotion("standard"):
        wide = jnp.promote_types(logits.dtype, jnp.float32)
    return jax.nn.softmax(logits.astype(wide)).astype(logits.dtype)


@traced_once()
def _attend(
    weights: Float[Array, "heads queries places"], values: Float[Array, "places heads size"]
) -> Float[Array, "queries heads*size"]:
    # Not an `einsum`, which swaps the two.
    attended = jnp.swapaxes(weights @ jnp.swapaxes(values, 0, 1), 0, 1)
    return attended.reshape(len(attended), -1)


def _check_sequences(
    layer: MultiheadAttention, query: Any, key_: Any, value: Any, mask: Any
) -> None:
    sequences = (
        ("query", query, layer.query_proj),
        ("key_", key_, layer.key_proj),
        ("value", value, layer.value_proj),
    )
    for name, x, projection in sequences:
        shape = jnp.shape(x)
        # What another projection takes, it knows itself.
        size = jnp.shape(projection.weight)[1] if _is_plain(projection) else "size"
        if len(shape) != 2 or size not in (shape[1], "size"):
            message = (
                f"{called_as(layer)} got `{name}` of shape {shape}; expected a sequence of "
                f"vectors, of shape (length, {size})."
            )
            if len(shape) == 3:
                message += " For a batch of sequences, use `jax.vmap(attention)(q, k, v)`."
            raise ValueError(message)
    if len(key_) != len(value):
        raise ValueError(
            f"{called_as(layer)} got {len(key_)} keys and {len(value)} values; key and value "
            "must both be sequences of equal length, for the values are what is found at the keys."
        )
    if mask is None:
        return
    one = (len(query), len(key_))
    each = (layer.num_heads, *one)
    if jnp.shape(mask) not in (one, each):
        raise ValueError(
            f"{called_as(layer)} got a mask of shape {jnp.shape(mask)}; mask must have shape "
            f"(query_seq_length, kv_seq_length)={one}, or {each} for one mask each head. It is "
            "True where a query may look: `jnp.tril(jnp.ones((n, n), bool))` is causal."
        )
