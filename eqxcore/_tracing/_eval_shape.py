"""`filter_eval_shape`: `jax.eval_shape` for functions of anything."""

from collections.abc import Callable
from typing import Any

import jax

from eqxcore._jit._output import Output
from eqxcore._jit._split import split_publicly
from eqxcore._pytree import PyTree
from eqxcore._structs import is_array_or_struct


def filter_eval_shape(
    fun: Callable[..., Any], *args: Any, **kwargs: Any
) -> PyTree[jax.ShapeDtypeStruct | Any]:
    """What `fun(*args, **kwargs)` returns, with a `jax.ShapeDtypeStruct` for each array.

    Nothing is computed, and no memory is used for arrays: a model may be larger than all of it, as
    in `eqx.filter_eval_shape(eqx.nn.MLP, 2, 2, 10**6, 8, key=key)`. Arrays and structs in `fun`
    and in its arguments are traced; everything else, Python numbers too, is passed as it is, and
    comes back as it is returned.
    """
    arrays, structure = split_publicly((fun, args, kwargs), is_array_or_struct)

    def of_arrays(arrays: list[Any]) -> Output:
        fun, args, kwargs = structure.unflatten(arrays)
        return Output(*split_publicly(fun(*args, **kwargs)))

    return jax.eval_shape(of_arrays, arrays).unflatten()
