"""Buffers: arrays in the carry of a loop that are written in place, without spurious copies."""

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union

import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Shaped

from ._maybe_set import maybe_set

_T = TypeVar("_T")


class Reads:
    """Whether the body of a loop reads a buffer: then its values are needed for the gradient."""

    def __init__(self, outer: "Reads | None" = None) -> None:
        self.any: bool = False
        self._outer = outer

    def note(self) -> None:
        """Notes a read of the buffer, in this loop and in those around it."""
        reads: Reads | None = self
        while reads is not None:
            reads.any = True
            reads = reads._outer


@jtu.register_pytree_node_class
class Buffer:
    """What the body of a loop gets in place of an array that is one of its `buffers`.

    Supports `buffer[item]` and `buffer.at[item].set(x, pred=...)`, and nothing else. A write
    outside of the batch elements that still run has no effect.
    """

    __slots__ = ("array", "pred", "reads")

    def __init__(
        self, array: Shaped[Array, "..."], pred: Bool[Array, ""] | bool, reads: Reads
    ) -> None:
        self.array: Array = array
        self.pred: Array | bool = pred
        self.reads: Reads = reads

    def tree_flatten(self) -> tuple[tuple[Any, Any], Reads]:
        """Its arrays, and what says which buffer it is."""
        return (self.array, self.pred), self.reads

    @classmethod
    def tree_unflatten(cls, reads: Reads, children: tuple[Any, Any]) -> "Buffer":
        """The buffer of `tree_flatten`."""
        return cls(*children, reads)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the array."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """How many dimensions the array has."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """How many elements the array has."""
        return self.array.size

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, item: Any) -> Shaped[Array, "..."]:
        self.reads.note()
        return self.array[item]

    @property
    def at(self) -> "_At":
        """`buffer.at[item].set(x)`, as of an array."""
        return _At(self)

    def __jax_array__(self) -> Array:
        raise TypeError(
            f"A loop's buffer, of {self.dtype}{list(self.shape)}, was used as an array. Expected "
            "only `buffer[item]` and `buffer.at[item].set(x)`: all else would copy it in every "
            "step. Read the part you need, `buffer[...]` for all of it, or leave it out of the "
            "loop's `buffers`."
        )

    def __repr__(self) -> str:
        return f"Buffer({self.array!r})"


class _At:
    __slots__ = ("_buffer",)

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer

    def __getitem__(self, item: Any) -> "_Place":
        return _Place(self._buffer, item)


class _Place:
    __slots__ = ("_buffer", "_item")

    def __init__(self, buffer: Buffer, item: Any) -> None:
        self._buffer = buffer
        self._item = item

    def set(
        self,
        x: Shaped[ArrayLike, "..."],
        *,
        pred: Bool[ArrayLike, ""] | bool = True,
        **kwargs: Any,
    ) -> Buffer:
        """The buffer with `x` written to the place, if `pred` holds."""
        buffer = self._buffer
        both = buffer.pred if pred is True else buffer.pred & _as_pred(pred)
        array = maybe_set(
            both,
            buffer.array,
            x,
            self._item,
            may_be_false=pred is not True,
            write_once=True,
            options=kwargs,
        )
        return Buffer(array, buffer.pred, buffer.reads)


if TYPE_CHECKING:
    MaybeBuffer: TypeAlias = _T | Buffer
else:

    class MaybeBuffer:
        """`MaybeBuffer[X]`, for annotations: an `X`, or what a loop passes in place of one."""

        def __class_getitem__(cls, item: Any) -> Any:
            return Union[item, Buffer]  # noqa: UP007  (`|` needs a class on its left)


def buffer_at_set(
    buffer: Shaped[Array, "..."] | Buffer,
    item: Any,
    x: Shaped[ArrayLike, "..."],
    *,
    pred: Bool[ArrayLike, "..."] | bool = True,
    **kwargs: Any,
) -> Any:
    """`buffer.at[item].set(x, **kwargs)` where `pred` is true, of a loop's buffer or an array.

    Returns a buffer for a buffer, an array for an array. For what is used in the body of a loop
    and outside of one.
    """
    if isinstance(buffer, Buffer):
        return buffer.at[item].set(x, pred=pred, **kwargs)
    if pred is True:
        return buffer.at[item].set(x, **kwargs)
    return maybe_set(
        _as_pred(pred), buffer, x, item, may_be_false=True, write_once=False, options=kwargs
    )


def _as_pred(pred: Any) -> Any:
    pred = jnp.asarray(pred)
    if pred.dtype != bool or pred.size != 1:
        raise TypeError(
            f"`pred` of a write to a buffer is {pred.dtype}{list(pred.shape)}. Expected one "
            "boolean; to write some elements of several, give `.set` a `jnp.where(...)`."
        )
    return pred.reshape(())
