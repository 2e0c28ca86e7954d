"""The carry of a loop, taken apart: arrays that steps replace, buffers, and what is static."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np

from eqxcore._pytree import PyTree
from eqxcore._trees._mismatch import mismatch_table

from ._buffer import Buffer, Reads
from ._weak_types import promoted_dtype

_Kind = Literal["array", "buffer", "static"]


def is_buffer(node: Any) -> bool:
    """Whether the node is a loop's buffer."""
    return isinstance(node, Buffer)


def is_array_like(leaf: Any) -> bool:
    """Whether a leaf is, or becomes, an array in the loop; all else is static."""
    if isinstance(leaf, (jax.Array, np.ndarray)):
        return True
    return isinstance(leaf, (bool, int, float, complex, np.generic))


class Parts(NamedTuple):
    """The arrays of a carry: those that every step replaces, and the buffers."""

    arrays: list[Any]
    buffers: list[Any]


class Carry:
    """How a carry is made of its parts. Made of the initial value; holds no array of it."""

    def __init__(
        self, init: PyTree, choose_buffers: Callable[[Any], Any] | None, function: str
    ) -> None:
        leaves, self._treedef = jtu.tree_flatten(init, is_leaf=is_buffer)
        self._function = function
        """What the carry comes back from, for errors: `body_fun`."""
        leaves = [_as_array(leaf) for leaf in leaves]
        self._kinds: list[_Kind] = [
            "buffer" if is_buffer(leaf) else "array" if isinstance(leaf, jax.Array) else "static"
            for leaf in leaves
        ]
        if choose_buffers is not None:
            leaves = self._choose(leaves, choose_buffers)
        self._statics = [
            leaf for leaf, kind in zip(leaves, self._kinds, strict=True) if kind == "static"
        ]
        self._outer = [
            leaf if is_buffer(leaf) else None
            for leaf, kind in zip(leaves, self._kinds, strict=True)
            if kind == "buffer"
        ]
        self.reads = [Reads(None if b is None else b.reads) for b in self._outer]
        """Which buffers the body reads, known once it has been traced."""
        self.init = self._parts(leaves)

    def _choose(self, leaves: list[Any], choose: Callable[[Any], Any]) -> list[Any]:
        """Marks what `choose` returns as buffers."""
        # They are found by identity, and one array may stand in the carry twice.
        seen: set[int] = set()
        distinct = []
        for leaf in leaves:
            distinct.append(jnp.array(leaf) if id(leaf) in seen and is_array_like(leaf) else leaf)
            seen.add(id(leaf))
        places = {id(leaf): place for place, leaf in enumerate(distinct)}
        chosen = choose(self._treedef.unflatten(distinct))
        for path, node in jtu.tree_leaves_with_path(chosen, is_leaf=is_buffer):
            place = places.get(id(node))
            if place is None or self._kinds[place] == "static":
                found = repr(node) if place is not None else _describe(node)
                raise ValueError(
                    f"`buffers(init)` returned {found} at {jtu.keystr(path) or 'its root'}, which "
                    "is no array of the initial value. Expected one or several of its arrays, "
                    "unchanged, as in `buffers=lambda carry: carry[1]`."
                )
            self._kinds[place] = "buffer"
        return distinct

    def _parts(self, leaves: Sequence[Any]) -> Parts:
        arrays, buffers = [], []
        for leaf, kind in zip(leaves, self._kinds, strict=True):
            if kind == "array":
                arrays.append(leaf)
            elif kind == "buffer":
                buffers.append(leaf.array if is_buffer(leaf) else leaf)
        return Parts(arrays, buffers)

    def _join(self, arrays: Sequence[Any], buffers: Sequence[Any]) -> Any:
        rest = {"array": iter(arrays), "buffer": iter(buffers), "static": iter(self._statics)}
        return self._treedef.unflatten([next(rest[kind]) for kind in self._kinds])

    def inside(self, pred: Any, parts: Parts) -> Any:
        """The carry as the functions of the loop see it. `pred`: whether this step counts."""
        buffers = []
        for array, outer, reads in zip(parts.buffers, self._outer, self.reads, strict=True):
            both = pred if outer is None else outer.pred & pred
            buffers.append(Buffer(array, both, reads))
        return self._join(parts.arrays, buffers)

    def outside(self, parts: Parts) -> Any:
        """The carry as the caller of the loop gets it."""
        buffers = [
            array if outer is None else Buffer(array, outer.pred, outer.reads)
            for array, outer in zip(parts.buffers, self._outer, strict=True)
        ]
        return self._join(parts.arrays, buffers)

    def parts_of(self, new: Any, old: Parts) -> tuple[Parts, list[bool]]:
        """The arrays of what the loop's function returned, and which buffers were exchanged.

        Raises `ValueError` unless its structure, shapes and dtypes are those of `old`; a weakly
        typed array may become one that it is promoted to.
        """
        leaves, treedef = jtu.tree_flatten(new, is_leaf=is_buffer)
        leaves = [_as_array(leaf) for leaf in leaves]
        before = self._join(old.arrays, old.buffers)
        after = treedef.unflatten([leaf.array if is_buffer(leaf) else leaf for leaf in leaves])
        if treedef != self._treedef or not all(
            map(_is_same, jtu.tree_leaves(before), jtu.tree_leaves(after))
        ):
            self._refuse(before, after)
        exchanged = []
        for leaf, kind in zip(leaves, self._kinds, strict=True):
            if (kind == "buffer") is not is_buffer(leaf):
                self._refuse_buffer(new)
            if is_buffer(leaf):
                exchanged.append(leaf.reads is not self.reads[len(exchanged)])
        return self._parts(leaves), exchanged

    def _refuse(self, before: Any, after: Any) -> None:
        table = mismatch_table(("carry in", "carry out"), before, after, same_leaf=_is_same)
        raise ValueError(
            f"`{self._function}` did not return a carry like the one it was given.\n{table or ''}\n"
            "Expected the same structure, and every array of the same shape and dtype, for all "
            "steps are one compiled program. Convert what differs, with `.astype(...)` say, in "
            f"the initial value or in what `{self._function}` returns; values that are no arrays "
            "cannot change."
        )

    def _refuse_buffer(self, new: Any) -> None:
        found = jtu.tree_leaves_with_path(new, is_leaf=is_buffer)
        for (path, leaf), kind in zip(found, self._kinds, strict=True):
            if (kind == "buffer") is is_buffer(leaf):
                continue
            where = jtu.keystr(path) or "its root"
            if kind == "buffer":
                raise ValueError(
                    f"`{self._function}` returned {_describe(leaf)} at {where}, which is one of "
                    "the loop's `buffers`. Expected the buffer it was given, or what "
                    "`buffer.at[item].set(x)` returns."
                )
            raise ValueError(
                f"`{self._function}` returned a buffer at {where}, which is none of the loop's "
                "`buffers`. Expected an array: name it in `buffers` too, or read the buffer, "
                "`buffer[...]`."
            )


def _as_array(leaf: Any) -> Any:
    return jnp.asarray(leaf) if is_array_like(leaf) else leaf


def _is_same(before: Any, after: Any) -> bool:
    if isinstance(before, jax.Array) and isinstance(after, jax.Array):
        return before.shape == after.shape and after.dtype in (
            before.dtype,
            promoted_dtype(before, after),
        )
    if isinstance(before, jax.Array) or isinstance(after, jax.Array):
        return False
    return bool(before is after or before == after)


def _describe(node: Any) -> str:
    if isinstance(node, (jax.Array, np.ndarray)):
        return f"{node.dtype}{list(node.shape)}"
    return f"{node!r} of type {type(node).__name__}"
