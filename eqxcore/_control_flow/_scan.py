"""`filter_scan`: `jax.lax.scan` for carries and inputs that are any pytrees."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.tree_util as jtu

from eqxcore._function_name import function_name
from eqxcore._jit._output import Output
from eqxcore._jit._split import split
from eqxcore._predicates import is_array

from ._carry import named, returned_arrays
from ._kept_functions import kept

_Carry = TypeVar("_Carry")


def filter_scan(
    f: Callable[[_Carry, Any], tuple[_Carry, Any]],
    init: _Carry,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[_Carry, Any]:
    """The last carry, and what `f` returned besides at each step, stacked along a first axis.

    `carry, y = f(carry, x)` is one step, begun with `init`; `x` is `xs` with one element of the
    first axis of its arrays. All three may be any pytrees, Modules for example. What is no array,
    a function, a string, or a Python number, is not traced: in `xs`, each step gets it as it is;
    in the carry, each step must return it as it was; in `y`, it comes back once, as it is.
    So to scan over layers, stack them: `filter_scan(lambda x, layer: (layer(x), None), x, layers)`
    with `layers = eqx.filter_vmap(make_layer)(keys)`.

    `length` is the number of steps, needed only without arrays in `xs`. `reverse=True` goes
    through `xs` from its end, and puts each `y` at the place of its `x`. `unroll` is the number of
    steps that one round of the compiled loop takes; `True` is all.

    Where the type of an array in `init` is weak, the carry takes the dtype that `f` returns.

    Raises `TypeError`, naming the leaves, when `f` returns another carry than it was given: other
    static values, shapes, dtypes or another structure. `ValueError`, naming the leaf, for arrays
    in `xs` without a first axis, or with first axes of several lengths, or when there is no
    length at all.
    """
    carry_arrays, carry_structure = split(init)
    x_arrays, x_structure = split(xs)
    _check_lengths(xs, length)

    def make(get_f: Callable[[], Any]) -> Callable[[list[Any], list[Any]], Any]:
        def step(given: list[Any], element: list[Any]) -> tuple[list[Any], Output]:
            function = get_f()
            out = function(carry_structure.unflatten(given), x_structure.unflatten(element))
            name = function_name(function)
            if not (isinstance(out, tuple) and len(out) == 2):
                raise TypeError(
                    f"`filter_scan`: `{name}` returned {_describe(out)}; expected a pair, the "
                    "carry and what is to be stacked. Write `return carry, None` if that is "
                    "nothing."
                )
            carry, y = out
            arrays = returned_arrays("filter_scan", name, carry_structure, given, carry)
            return arrays, Output(*split(y))

        return named(step, function_name(get_f()))

    step = kept((f,), ("filter_scan", carry_structure, x_structure), make)
    arrays, stacked = jax.lax.scan(
        step, carry_arrays, x_arrays, length=length, reverse=reverse, unroll=unroll
    )
    return carry_structure.unflatten(arrays), stacked.unflatten()


def _check_lengths(xs: Any, length: int | None) -> None:
    lengths: dict[int, str] = {} if length is None else {length: "`length`"}
    for path, leaf in jtu.tree_leaves_with_path(xs):
        if not is_array(leaf):
            continue
        place = f"`xs{jtu.keystr(path)}`, of shape {tuple(leaf.shape)}"
        if not leaf.shape:
            raise ValueError(
                f"`filter_scan` got {place}, which has no axis to go along. Expected a first axis "
                "with one element for each step. What all steps share does not belong in `xs`: "
                "close over it, as in `filter_scan(lambda carry, x: f(carry, x, shared), ...)`."
            )
        lengths.setdefault(leaf.shape[0], place)
    if not lengths:
        raise ValueError(
            "`filter_scan` got no arrays in `xs`, and no `length`. Expected one of them, to know "
            "the number of steps: pass `length=`, or make arrays of the numbers in `xs` with "
            "`jnp.asarray`."
        )
    if len(lengths) > 1:
        lines = "\n".join(f"  {size}: {place}" for size, place in lengths.items())
        raise ValueError(
            f"`filter_scan` got first axes of several lengths:\n{lines}\nExpected one, the number "
            "of steps. Leave `length` out where `xs` has arrays, and close over what all steps "
            "share."
        )


def _describe(out: Any) -> str:
    if isinstance(out, (tuple, list)):
        return f"a {type(out).__name__} of {len(out)}"
    return f"a {type(out).__name__}"
