"""Whether a sharding fits an array."""

from typing import Any

import jax


def why_not_sharded(sharding: Any, shape: tuple[int, ...]) -> str | None:
    """Why arrays of this shape cannot have the sharding, in a sentence; `None` if they can."""
    if not isinstance(sharding, jax.sharding.Sharding):
        return None  # a `PartitionSpec`, say: it depends on a mesh that JAX knows
    spec = getattr(sharding, "spec", ())
    if len(spec) > len(shape):
        # JAX 0.10 fails on it with an `IndexError`.
        return f"The spec has {len(spec)} entries, and the array has {len(shape)} axes."
    try:
        sharding.shard_shape(tuple(shape))
    except ValueError as error:
        return str(error)
    return None
