"""Attention over long sequences, a block of queries at a time."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

Mask = Bool[Array, "queries places"] | Bool[Array, "heads queries places"]
Attend = Callable[[Array, Array, Array, Any], Array]
"""From queries, keys, values and a mask to one output for each query."""

_MANY = 2**22
"""Attention weights, from which on blocks take less time, forwards and backwards: 16 MB of them."""

_BLOCK = 2**20
"""Attention weights in one block, which caches can hold."""


def is_long(heads: int, queries: int, places: int) -> bool:
    """Whether `by_blocks` is worth it: less time on a CPU, and a fraction of the memory."""
    return heads * queries * places >= _MANY and _rows(heads, places) < queries


def by_blocks(
    attend: Attend,
    queries: Float[Array, "queries heads size"],
    keys: Float[Array, "places heads size"],
    values: Float[Array, "places heads size"],
    mask: Mask | None,
) -> Float[Array, "queries out"]:
    """`attend(queries, keys, values, mask)`, without ever holding all attention weights.

    No query depends on another one. A gradient keeps none of the weights, but works out those of
    a block again when it comes to that block.
    """
    # Queries first in the mask, too: they are what is cut into blocks.
    if mask is not None and mask.ndim == 3:
        mask = jnp.swapaxes(mask, 0, 1)

    def one_block(queries: Array, mask: Array | None) -> Array:
        if mask is not None and mask.ndim == 3:
            mask = jnp.swapaxes(mask, 0, 1)
        return attend(queries, keys, values, mask)

    rows = _rows(queries.shape[1], len(keys))
    blocks = len(queries) // rows
    whole = blocks * rows

    def step(_: None, block: tuple[Array, Array | None]) -> tuple[None, Array]:
        return None, one_block(*block)

    def cut(x: Array) -> Array:
        return x[:whole].reshape(blocks, rows, *x.shape[1:])

    xs = jax.tree.map(cut, (queries, mask))
    # A scan keeps apart what it does forwards and backwards, without barriers.
    _, out = jax.lax.scan(jax.checkpoint(step, prevent_cse=False), None, xs)
    out = out.reshape(whole, *out.shape[2:])
    if whole == len(queries):
        return out
    rest = one_block(queries[whole:], None if mask is None else mask[whole:])
    return jnp.concatenate([out, rest])


def _rows(heads: int, places: int) -> int:
    """How many queries are a block: a multiple of 8, for what works on vectors."""
    return max(_BLOCK // (heads * places) // 8 * 8, 8)
