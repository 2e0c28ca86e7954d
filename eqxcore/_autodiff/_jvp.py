"""The Jacobian-vector product of a function of any pytrees."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np

from eqxcore._function_name import function_name
from eqxcore._jax_internals import flatten_none_as_leaf
from eqxcore._predicates import is_array, is_array_like, is_inexact_array
from eqxcore._pytree import PyTree
from eqxcore._trees._mismatch import describe, mismatch_table

from ._perturbed import depend_on

_T = TypeVar("_T")


def filter_jvp(
    fn: Callable[..., _T], primals: Sequence[Any], tangents: Sequence[Any], **kwargs: Any
) -> tuple[_T, PyTree]:
    """`fn(*primals, **kwargs)`, and how it changes as `primals` move along `tangents`.

    `tangents` has the structure of `primals`. Where a primal is a floating-point or complex
    array, or a Python `float` or `complex`, it has a tangent of the same shape and dtype, or
    `None` for one that is zero; everywhere else it has `None`.

    The second result has the structure of the first, with `None` at every leaf that is no
    floating-point array, or that does not depend on a primal with a tangent.

    Raises `ValueError` where structures or shapes do not match, and `TypeError` for a tangent of
    another dtype, or one at something that is not differentiable.
    """
    _check_sequence(fn, "primals", primals)
    _check_sequence(fn, "tangents", tangents)
    leaves, treedef = flatten_none_as_leaf(primals)
    tangent_leaves, tangent_treedef = flatten_none_as_leaf(tangents)
    if treedef != tangent_treedef:
        raise ValueError(_other_structure(fn, primals, tangents))
    places = [place for place, tangent in enumerate(tangent_leaves) if not _is_zero(tangent)]
    for place in places:
        _check_tangent(fn, primals, place, leaves[place], tangent_leaves[place])
    if not places:
        out = fn(*primals, **kwargs)
        return out, jtu.tree_map(lambda _: None, out)

    # What is no array, and which outputs have a tangent, is known only inside.
    out_treedef: Any = None
    out_leaves: list[Any] = []
    moving: list[int] = []
    resting: list[int] = []

    def of_perturbed(arrays: list[Any]) -> tuple[list[Any], list[Any]]:
        nonlocal out_treedef, out_leaves, moving, resting
        inner = leaves.copy()
        for place, array in zip(places, arrays, strict=True):
            inner[place] = array
        out = fn(*treedef.unflatten(inner), **kwargs)
        out_leaves, out_treedef = jtu.tree_flatten(out)
        inexact = [place for place, leaf in enumerate(out_leaves) if is_inexact_array(leaf)]
        depends = depend_on([out_leaves[place] for place in inexact], arrays[0])
        moving = [place for place, moves in zip(inexact, depends, strict=True) if moves]
        still = set(range(len(out_leaves))) - set(moving)
        resting = [place for place in sorted(still) if is_array(out_leaves[place])]
        return [out_leaves[place] for place in moving], [out_leaves[place] for place in resting]

    of_perturbed.__name__ = of_perturbed.__qualname__ = function_name(fn)
    values, derivatives, rest = jax.jvp(
        of_perturbed,
        ([leaves[place] for place in places],),
        ([tangent_leaves[place] for place in places],),
        has_aux=True,
    )
    out_tangents: list[Any] = [None] * len(out_leaves)
    for place, value, derivative in zip(moving, values, derivatives, strict=True):
        out_leaves[place] = value
        out_tangents[place] = derivative
    for place, value in zip(resting, rest, strict=True):
        out_leaves[place] = value
    return out_treedef.unflatten(out_leaves), out_treedef.unflatten(out_tangents)


def _is_zero(tangent: Any) -> bool:
    return tangent is None or getattr(tangent, "dtype", None) == jax.dtypes.float0


def _tangent_dtype(primal: Any) -> np.dtype | None:
    """The dtype that a tangent must have, or `None` where there is nothing to differentiate."""
    if not is_array_like(primal):
        return None
    dtype = jax.dtypes.result_type(primal)
    return dtype if jnp.issubdtype(dtype, jnp.inexact) else None


def _check_sequence(fn: Callable[..., Any], what: str, found: Any) -> None:
    if not isinstance(found, Sequence):
        raise TypeError(
            f"`filter_jvp` of `{function_name(fn)}` got {describe(found)} for `{what}`; expected a "
            f"sequence with one entry for each positional argument. Write `({what[:-1]},)` for a "
            "function of one argument."
        )


def _other_structure(fn: Callable[..., Any], primals: Any, tangents: Any) -> str:
    table = mismatch_table(
        ("primals", "tangents"), primals, tangents, is_leaf=lambda node: node is None
    )
    return (
        f"`filter_jvp` of `{function_name(fn)}`: primals and tangents must have the same pytree "
        f"structure, but differ:\n{table}\n"
        "Pass `None` for the tangent of each leaf that does not move, and of all that are no "
        "floating-point arrays, as in `jax.tree.map(lambda x: jnp.ones_like(x) if "
        "eqx.is_inexact_array(x) else None, primals)`."
    )


def _check_tangent(
    fn: Callable[..., Any], primals: Any, place: int, primal: Any, tangent: Any
) -> None:
    def at() -> str:
        paths = jtu.tree_leaves_with_path(primals, is_leaf=lambda node: node is None)
        return f"`filter_jvp` of `{function_name(fn)}`, at {jtu.keystr(paths[place][0])}"

    expected = _tangent_dtype(primal)
    if expected is None:
        raise TypeError(
            f"{at()}: the primal is {describe(primal)}, which is not differentiable, and has the "
            f"tangent {describe(tangent)}; expected `None`. Pass `None`, or make the primal a "
            "floating-point array."
        )
    if not is_array_like(tangent):
        raise TypeError(
            f"{at()}: the tangent is {describe(tangent)}; expected an array like the primal, "
            f"{describe(primal)}, or `None` for a tangent of zero."
        )
    found = jax.dtypes.result_type(tangent)
    if found != expected:
        raise TypeError(
            f"{at()}: primal and tangent dtypes must be equal, but the tangent has dtype {found}, "
            f"and the primal {expected}. Convert it, as in `tangent.astype(primal.dtype)`."
        )
    if jnp.shape(tangent) != jnp.shape(primal):
        raise ValueError(
            f"{at()}: the tangent has shape {jnp.shape(tangent)}, but the primal has shape "
            f"{jnp.shape(primal)}; expected the same. Use `jnp.broadcast_to(tangent, "
            "primal.shape)` if one direction is meant for all elements."
        )
