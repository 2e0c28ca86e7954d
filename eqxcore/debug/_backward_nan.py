"""Finds where a gradient becomes NaN."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jaxtyping import Array

from eqxcore._filters import combine, partition
from eqxcore._predicates import is_array, is_inexact_array
from eqxcore._runtime_errors import branched_error_if
from eqxcore._trees import tree_pformat

_T = TypeVar("_T")

_ARRAY = object()


def backward_nan(x: _T, name: Any = None, terminate: bool = True) -> _T:
    """`x`, unchanged; on the backward pass its value and its cotangent are printed.

    With `terminate`, a NaN in the cotangent is an error as of `error_if`, which says in which
    leaf it is: so `EQX_ON_ERROR=breakpoint` opens a debugger there. `name` tells several of these
    apart. Works with reverse-mode differentiation only.
    """
    differentiable, rest = partition(x, is_inexact_array)
    leaves, treedef = jtu.tree_flatten_with_path(differentiable)
    if not leaves:
        return x
    others = [leaf for leaf in jtu.tree_leaves(rest) if is_array(leaf)]
    # Kept until the program runs, so without the arrays, which may be tracers.
    template = jtu.tree_map(lambda leaf: _ARRAY if is_array(leaf) else leaf, rest)

    def show(primals: list[Array], others: list[Array], cotangents: list[Array]) -> None:
        remaining = iter(others)
        shown = jtu.tree_map(lambda leaf: next(remaining) if leaf is _ARRAY else leaf, template)
        whole = combine(jtu.tree_unflatten(treedef, primals), shown)
        print(
            *([] if name is None else [f"{name}:\n"]),
            f"   primals={_values(whole)}\ncotangents={_values(treedef.unflatten(cotangents))}",
            sep="",
        )

    messages = tuple(_message(name, path) for path, _ in leaves)
    watched: Any = _watch(
        show, messages if terminate else None, [leaf for _, leaf in leaves], others
    )
    return combine(jtu.tree_unflatten(treedef, watched), rest)


def _message(name: Any, path: Any) -> str:
    of = "" if name is None else f" of {name}"
    at = f" at {jtu.keystr(path)}" if path else ""
    return f"Encountered NaN in the cotangent{of}{at}"


def _values(pytree: Any) -> str:
    return tree_pformat(pytree, short_arrays=False)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _watch(
    show: Callable[..., None],
    messages: tuple[str, ...] | None,
    arrays: list[Array],
    others: list[Array],
) -> list[Array]:
    return arrays


def _forward(
    show: Callable[..., None],
    messages: tuple[str, ...] | None,
    arrays: list[Array],
    others: list[Array],
) -> tuple[list[Array], tuple[list[Array], list[Array]]]:
    return arrays, (arrays, others)


def _backward(
    show: Callable[..., None],
    messages: tuple[str, ...] | None,
    residuals: tuple[list[Array], list[Array]],
    cotangents: list[Array],
) -> tuple[list[Array], None]:
    jax.debug.callback(show, *residuals, cotangents)
    if messages is not None:
        is_nan = jnp.stack([jnp.any(jnp.isnan(cotangent)) for cotangent in cotangents])
        # The first leaf with a NaN, since `error_if` tells of the largest index.
        first = jnp.argmax(is_nan)
        cotangents = branched_error_if(cotangents, jnp.any(is_nan), first, messages)
    return cotangents, None


_watch.defvjp(_forward, _backward)
