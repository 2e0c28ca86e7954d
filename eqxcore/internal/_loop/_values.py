"""All arrays that a loop depends on."""

from typing import Any, NamedTuple

from jax import lax
from jaxtyping import Array, Int, Shaped


class Values(NamedTuple):
    """All arrays that a loop depends on; or that one step does."""

    consts: list[Any]
    """What the step closes over."""
    arrays: list[Any]
    buffers: list[Any]
    xs: list[Any]
    """Of a scan: of these, step `k` gets element `k`."""

    def flat(self) -> list[Any]:
        """One after the other."""
        return [*self.consts, *self.arrays, *self.buffers, *self.xs]

    def split(self, flat: list[Any] | tuple[Any, ...]) -> "Values":
        """Of a list with a place for each of the values, its four parts."""
        parts = []
        start = 0
        for part in self:
            parts.append(list(flat[start : start + len(part)]))
            start += len(part)
        return Values(*parts)


def element(x: Shaped[Array, "length ..."], k: Int[Array, ""]) -> Shaped[Array, "..."]:
    """Element `k` of an array."""
    return lax.dynamic_index_in_dim(x, k, keepdims=False)
