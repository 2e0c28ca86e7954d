"""`filter_cond`: `jax.lax.cond` for operands and results that are any pytrees."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu

from eqxcore._function_name import function_name
from eqxcore._jit._output import Output
from eqxcore._jit._split import split
from eqxcore._predicates import is_array
from eqxcore._trees._mismatch import mismatch_table

from ._alike import is_alike, is_number, is_same_structure
from ._carry import named
from ._fixes import Words, fixes
from ._kept_functions import kept

_Result = TypeVar("_Result")

_WORDS = Words(
    left="return",
    static="return the same from both, or call it in the branches and return what it computes.",
    structure="Return pytrees that are built in the same way from both branches.",
)


class _Branches(NamedTuple):
    """Both branches as functions of arrays."""

    true: Callable[..., Output]
    false: Callable[..., Output]


class _Kind(NamedTuple):
    """All of a result but the values of its arrays."""

    arrays: list[tuple[tuple[int, ...], Any]]
    structure: Any


def filter_cond(
    pred: Any,
    true_fun: Callable[..., _Result],
    false_fun: Callable[..., _Result],
    *operands: Any,
) -> _Result:
    """`true_fun(*operands)` if `pred` is true, else `false_fun(*operands)`.

    Both are traced, and the one that is not chosen is not run; but under `vmap`, with a `pred`
    for each element, both are. Operands and results may be any pytrees. What is no array in the
    operands, the branches get as it is; in the results, it must be the same of both branches, and
    comes back as it is. Python numbers are no arrays.

    Raises `TypeError`, naming the leaves, when the branches return other static values, shapes,
    dtypes, or structures, and when `pred` is not one bool or number.
    """
    _check_predicate(pred)
    arrays, structure = split(operands)

    def make(get_true: Callable[[], Any], get_false: Callable[[], Any]) -> _Branches:
        # What the first branch returned for which arrays. It stays: JAX may remember its trace of
        # that branch, and trace the second one alone.
        returned: dict[Any, _Kind] = {}

        def true(*given: Any) -> Output:
            output = Output(*split(get_true()(*structure.unflatten(given))))
            returned[_key(given)] = _kind(output)
            return output

        def false(*given: Any) -> Output:
            result = get_false()(*structure.unflatten(given))
            output = Output(*split(result))
            expected = returned.get(_key(given))
            if expected is not None and not _is_same_kind(expected, _kind(output)):
                # Once more, for the sake of the message.
                _check_results(get_true()(*structure.unflatten(given)), result)
            return output

        return _Branches(
            named(true, function_name(get_true())), named(false, function_name(get_false()))
        )

    branches = kept((true_fun, false_fun), ("filter_cond", structure), make)
    return jax.lax.cond(pred, branches.true, branches.false, *arrays).unflatten()


def _key(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((x.shape, x.dtype, getattr(x, "weak_type", False)) for x in arrays)


def _kind(output: Output) -> _Kind:
    arrays = [x if isinstance(x, jax.Array) else jnp.asarray(x) for x in output.arrays]
    return _Kind([(x.shape, x.dtype) for x in arrays], output.structure)


def _is_same_kind(one: _Kind, other: _Kind) -> bool:
    return one.arrays == other.arrays and is_same_structure(one.structure, other.structure)


def _check_results(one: Any, other: Any) -> None:
    names = "true_fun", "false_fun"
    table = mismatch_table(names, one, other, same_leaf=is_alike, name_path=_name)
    if table is None:
        return
    advice = fixes(one, other, same_leaf=is_alike, name_path=_name, words=_WORDS)
    raise TypeError(
        f"`filter_cond`: its branches returned different results:\n{table}\n"
        "Expected the same structure, shapes and dtypes, and the same values of all that is no "
        f"array, since which branch is taken is known only when the program runs.{advice}"
    )


def _name(path: tuple[Any, ...]) -> str:
    return f"result{jtu.keystr(path)}"


def _check_predicate(pred: Any) -> None:
    if is_number(pred):
        return
    if is_array(pred):
        if pred.shape == ():
            return
        found = f"{pred.dtype}[{','.join(map(str, pred.shape))}]"
        advice = (
            "reduce it with `jnp.any(pred)` or `jnp.all(pred)`; to choose element by element, use "
            "`jnp.where(pred, x, y)`"
        )
    else:
        found = f"a {type(pred).__name__}"
        advice = "write `bool(pred)` to choose before anything is traced"
    raise TypeError(
        f"`filter_cond` got {found} for `pred`; expected one bool, or a boolean array without "
        f"axes: {advice}."
    )
