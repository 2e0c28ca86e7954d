"""`filter_make_jaxpr`: `jax.make_jaxpr` for functions of anything."""

from collections.abc import Callable
from typing import Any, ParamSpec

import jax

from eqxcore._filters import partition
from eqxcore._function_name import function_name
from eqxcore._jax_internals import ClosedJaxpr
from eqxcore._jit._output import Output
from eqxcore._jit._split import split_publicly
from eqxcore._module import Module, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._pytree import PyTree
from eqxcore._structs import is_array_or_struct

_P = ParamSpec("_P")


class _MakeJaxpr(Module):
    """The callable behind `filter_make_jaxpr`."""

    _fun: Callable[..., Any]

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        arrays, structure = split_publicly((args, kwargs), is_array_or_struct)

        def of_arrays(*arrays: Any) -> Output:
            args, kwargs = structure.unflatten(arrays)
            return Output(*split_publicly(self._fun(*args, **kwargs)))

        of_arrays.__name__ = of_arrays.__qualname__ = function_name(self._fun)
        jaxpr, output = jax.make_jaxpr(of_arrays, return_shape=True)(*arrays)
        # Told apart by place, for a struct that the function itself returned is no array of it.
        markers = output.structure.unflatten([_ARRAY] * len(output.arrays))
        is_traced = jax.tree_util.tree_map(lambda leaf: leaf is _ARRAY, markers)
        return jaxpr, *partition(output.unflatten(), is_traced)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


_ARRAY = object()


def filter_make_jaxpr(
    fun: Callable[_P, Any],
) -> Callable[_P, tuple[ClosedJaxpr, PyTree[jax.ShapeDtypeStruct], PyTree[Any]]]:
    """A function that returns the jaxpr of `fun`: the operations that it is made of.

    Called as `fun` is, it returns `(jaxpr, arrays, statics)`: the jaxpr, as a function of all
    arrays in the arguments, in order; and what `fun` returns, once with a `jax.ShapeDtypeStruct`
    for each array and `None` for the rest, and once with `None` for each array and the rest as it
    was returned. A `jax.ShapeDtypeStruct` may stand for an array in the arguments. Everything else
    there, Python numbers too, is built into the jaxpr, and arrays in `fun` are its constants.
    """
    return module_update_wrapper(_MakeJaxpr(fun))
