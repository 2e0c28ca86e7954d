"""What goes round in a loop: arrays, which each step may change, and everything else, held."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._jit._split import split
from eqxcore._predicates import is_array
from eqxcore._trees._mismatch import mismatch_table

from ._alike import is_alike, is_number, is_same_structure
from ._fixes import Words, fixes

_WORDS = Words(
    left="begin with",
    static="return it as it was; what it computes may change, if that is in the carry instead.",
    structure="Return a carry built as the first one is, with an array wherever one will be.",
)


def returned_arrays(
    loop: str, step: str, structure: Any, given: list[Any], returned: Any
) -> list[Any]:
    """The arrays of the carry that a step returned, after checking it against what it was given.

    `given` are the arrays that the step was given, and `structure` is everything else of it. A
    Python number in place of an array becomes one. Raises `TypeError`, naming every leaf that
    changed, and how.
    """
    arrays, found = split(returned)
    if not is_same_structure(found, structure):
        carry = structure.unflatten(given)
        returned = _numbers_as_arrays(carry, returned)
        arrays, _ = split(returned)
        _check(loop, step, carry, returned)
    elif not all(map(_may_go_round, given, arrays)):
        _check(loop, step, structure.unflatten(given), returned)
    return arrays


def _check(loop: str, step: str, carry: Any, returned: Any) -> None:
    table = mismatch_table(
        ("given", "returned"), carry, returned, same_leaf=_may_go_round, name_path=_name
    )
    if table is None:
        return
    advice = fixes(carry, returned, same_leaf=_may_go_round, name_path=_name, words=_WORDS)
    raise TypeError(
        f"`{loop}`: `{step}` returned another carry than it was given:\n{table}\n"
        "Expected the same structure, shapes and dtypes, and the same values of all that is no "
        f"array, since the step is compiled once and repeated.{advice}"
    )


def _may_go_round(given: Any, returned: Any) -> bool:
    if is_alike(given, returned):
        return True
    # Where the type was weak, as of `jnp.asarray(0.0)`, JAX makes the carry what the step returns,
    # and traces the step again: then it is strong, and this is asked once more.
    is_weak = getattr(given, "weak_type", False)
    return is_weak and is_array(returned) and given.shape == returned.shape


def _numbers_as_arrays(carry: Any, returned: Any) -> Any:
    """`returned`, with arrays for Python numbers where `carry` has arrays: a counter reset to 0."""
    leaves, treedef = jtu.tree_flatten(returned)
    expected, expected_treedef = jtu.tree_flatten(carry)
    if not is_same_structure(treedef, expected_treedef):
        return returned
    return treedef.unflatten(
        [
            jnp.asarray(leaf) if is_array(before) and is_number(leaf) else leaf
            for before, leaf in zip(expected, leaves, strict=True)
        ]
    )


def _name(path: tuple[Any, ...]) -> str:
    return f"carry{jtu.keystr(path)}"


def named(function: Callable[..., Any], like: str) -> Callable[..., Any]:
    """`function`, called `like`: what JAX writes into its own messages and into profiles."""
    function.__name__ = function.__qualname__ = like
    return function
