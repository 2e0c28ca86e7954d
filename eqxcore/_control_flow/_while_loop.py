"""`filter_while_loop`: `jax.lax.while_loop` for a carry that is any pytree."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax

from eqxcore._function_name import function_name
from eqxcore._jit._split import split
from eqxcore._predicates import is_array

from ._carry import named, returned_arrays
from ._kept_functions import kept

_Carry = TypeVar("_Carry")


def filter_while_loop(
    cond_fun: Callable[[_Carry], Any], body_fun: Callable[[_Carry], _Carry], init: _Carry
) -> _Carry:
    """What is left of `init` after `body_fun` was applied for as long as `cond_fun` was true.

    The carry may be any pytree, with Modules in it for example. What is no array, a function, a
    string, or a Python number, is not traced, and each step must return it as it was. To count,
    begin with an array: `jnp.asarray(0)`. Where the type of an array in `init` is weak, the carry
    takes the dtype that `body_fun` returns.

    As all loops without a known number of steps, it has forward derivatives only; use
    `filter_scan` for gradients.

    Raises `TypeError`, naming the leaves, when `body_fun` returns another carry than it was given,
    and when `cond_fun` does not return a bool, or a boolean array without axes.
    """
    arrays, structure = split(init)

    def make_cond(get_cond: Callable[[], Any]) -> Callable[[list[Any]], Any]:
        def cond(given: list[Any]) -> Any:
            function = get_cond()
            verdict = function(structure.unflatten(given))
            _check_verdict(function_name(function), verdict)
            return verdict

        return named(cond, function_name(get_cond()))

    def make_body(get_body: Callable[[], Any]) -> Callable[[list[Any]], list[Any]]:
        def body(given: list[Any]) -> list[Any]:
            function = get_body()
            carry = function(structure.unflatten(given))
            name = function_name(function)
            return returned_arrays("filter_while_loop", name, structure, given, carry)

        return named(body, function_name(get_body()))

    cond = kept((cond_fun,), ("filter_while_loop: cond_fun", structure), make_cond)
    body = kept((body_fun,), ("filter_while_loop: body_fun", structure), make_body)
    return structure.unflatten(jax.lax.while_loop(cond, body, arrays))


def _check_verdict(name: str, verdict: Any) -> None:
    if isinstance(verdict, bool):
        return
    if is_array(verdict):
        if verdict.shape == () and verdict.dtype == bool:
            return
        found = f"{verdict.dtype}[{','.join(map(str, verdict.shape))}]"
        advice = "compare, as in `carry > 0`, and reduce with `jnp.any` or `jnp.all`"
    else:
        found = f"a {type(verdict).__name__}"
        advice = "return `carry.count < limit`, say"
    raise TypeError(
        f"`filter_while_loop`: `{name}` returned {found}; expected a bool, or a boolean array "
        f"without axes, to say whether to go on: {advice}."
    )
