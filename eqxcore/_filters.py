"""Filter, partition and combine: a pytree split into two of the same structure."""

from collections.abc import Callable
from typing import Any, TypeAlias
from weakref import ref

import jax.tree_util as jtu

from ._jax_internals import flatten_none_as_leaf
from ._other_half import HasOtherHalf, set_other
from ._predicates import is_array, known_array_types
from ._pytree import PyTree
from ._trees._mismatch import mismatch_table

FilterSpec: TypeAlias = PyTree[bool | Callable[[Any], bool]]


def filter(
    pytree: PyTree,
    filter_spec: FilterSpec,
    inverse: bool = False,
    replace: Any = None,
    is_leaf: Callable[[Any], bool] | None = None,
) -> PyTree:
    """The pytree with every leaf that `filter_spec` rejects replaced by `replace`.

    `filter_spec` is a prefix of the pytree: a `bool` keeps or drops the whole subtree, a
    callable is asked about each leaf of the subtree. With `inverse=True`, keeps what it rejects.
    A `None` in the pytree is no leaf: it stays, and is never asked about.

    Raises `ValueError` when a leaf of `filter_spec` is neither a `bool` nor callable, or when it
    is no prefix of the pytree.
    """
    leaves, treedef = jtu.tree_flatten(pytree, is_leaf=is_leaf)
    mask = _mask(leaves, treedef, filter_spec, pytree, is_leaf)
    wanted = not inverse
    kept = treedef.unflatten(
        [leaf if keep is wanted else replace for leaf, keep in zip(leaves, mask, strict=True)]
    )
    if replace is None and is_leaf is None and isinstance(kept, HasOtherHalf):
        set_other(kept, ref(pytree))
    return kept


def partition(
    pytree: PyTree,
    filter_spec: FilterSpec,
    replace: Any = None,
    is_leaf: Callable[[Any], bool] | None = None,
) -> tuple[PyTree, PyTree]:
    """Two pytrees of the same structure: what `filter_spec` accepts, and what it rejects.

    Every leaf stands in one of them, with `replace` at its place in the other;
    `combine` puts them together again. For `filter_spec` see `filter`.

    The repr of a half of a Module says what stands in the place of a `None`, for as long as the
    other half is there: `·(f32[3])`, `·(static: relu)`; what was `None` before is `None`.
    """
    leaves, treedef = jtu.tree_flatten(pytree, is_leaf=is_leaf)
    mask = _mask(leaves, treedef, filter_spec, pytree, is_leaf)
    accepted = treedef.unflatten(
        [leaf if keep else replace for leaf, keep in zip(leaves, mask, strict=True)]
    )
    rejected = treedef.unflatten(
        [replace if keep else leaf for leaf, keep in zip(leaves, mask, strict=True)]
    )
    if replace is None and is_leaf is None and isinstance(accepted, HasOtherHalf):
        # Both are new, and nobody else's. Weakly: neither keeps the other's arrays alive.
        set_other(accepted, ref(rejected))
        set_other(rejected, ref(accepted))
    return accepted, rejected


def combine(*pytrees: PyTree, is_leaf: Callable[[Any], bool] | None = None) -> PyTree:
    """One pytree with, at each place, the first leaf that is not `None`.

    Raises `ValueError` when the pytrees do not have the same structure, `None` counting as a
    leaf. With no pytree at all, raises `TypeError`.
    """
    if not pytrees:
        raise TypeError(
            "combine() got no pytree. Expected at least one, as in `combine(params, static)`."
        )
    if is_leaf is None:
        leaves, treedef = flatten_none_as_leaf(pytrees[0])
    else:
        leaves, treedef = jtu.tree_flatten(
            pytrees[0], is_leaf=lambda node: node is None or is_leaf(node)
        )
    for place, other in enumerate(pytrees[1:], start=1):
        try:
            others = treedef.flatten_up_to(other)
        except ValueError as error:
            raise _do_not_combine(place, pytrees[0], other, is_leaf, error) from None
        leaves = [b if a is None else a for a, b in zip(leaves, others, strict=True)]
    return treedef.unflatten(leaves)


def _mask(
    leaves: list[Any],
    treedef: Any,
    spec: FilterSpec,
    pytree: PyTree,
    is_leaf: Callable[[Any], bool] | None,
) -> list[bool]:
    """Whether `spec` accepts each of the leaves."""
    cls = type(spec)
    if cls is bool:
        return [spec] * len(leaves)
    if spec is is_array:
        # Asking the function of each leaf would be a tenth of the time of a partition.
        return [type(leaf) in known_array_types or is_array(leaf) for leaf in leaves]
    if callable(spec) and jtu.all_leaves([spec]):
        # The usual case, `partition(model, is_inexact_array)`.
        return [True if spec(leaf) else False for leaf in leaves]  # noqa: SIM210  an array's truth
    spec_leaves, spec_treedef = jtu.tree_flatten(spec)
    try:
        subtrees = spec_treedef.flatten_up_to(pytree)
    except ValueError as error:
        raise _no_prefix(spec, pytree, error) from None
    mask: list[bool] = []
    for place, (accept, subtree) in enumerate(zip(spec_leaves, subtrees, strict=True)):
        below = jtu.tree_leaves(subtree, is_leaf=is_leaf)
        if type(accept) is bool:
            mask += [accept] * len(below)
        elif callable(accept):
            mask += [True if accept(leaf) else False for leaf in below]  # noqa: SIM210
        else:
            path = jtu.keystr(jtu.tree_leaves_with_path(spec)[place][0])
            raise ValueError(
                f"The filter spec has {accept!r} of type {type(accept).__name__} at "
                f"{path or 'its root'}. Expected True, False, or a function from a leaf to a bool"
                f"{_bool_advice(accept)}."
            )
    return mask


def _bool_advice(accept: Any) -> str:
    if type(accept).__name__ in ("bool_", "bool"):
        return "; NumPy's booleans are not taken: write `bool(...)` around it"
    return ", such as `eqx.is_array`"


def _do_not_combine(
    place: int,
    first: PyTree,
    other: PyTree,
    is_leaf: Callable[[Any], bool] | None,
    error: ValueError,
) -> ValueError:
    table = mismatch_table(
        ("the first", f"number {place + 1}"),
        first,
        other,
        is_prefix=True,
        is_leaf=lambda node: node is None or (is_leaf is not None and is_leaf(node)),
    )
    return ValueError(
        "`combine` got pytrees of different structures:\n"
        f"{table or error}\n"
        "Expected the parts of one pytree, for each leaf is taken from the part that has it: "
        "`params, static = eqx.partition(model, eqx.is_array)`, then `combine(params, static)`."
    )


def _no_prefix(spec: FilterSpec, pytree: PyTree, error: ValueError) -> ValueError:
    table = mismatch_table(("filter spec", "pytree"), spec, pytree, is_prefix=True)
    return ValueError(
        "The filter spec is no prefix of the pytree:\n"
        f"{table or error}\n"
        "Expected the same structure down to the spec's leaves, each of which decides on all that "
        "is below. Make it of the pytree: `jax.tree.map(lambda _: False, pytree)`, then `tree_at`."
    )
