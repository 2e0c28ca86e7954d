"""`noinline`, and the pytree that it returns."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.core import ShapedArray
from jaxtyping import Array, Int

from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore.internal._cached_eval_shape import cached_filter_eval_shape
from eqxcore.internal._hashable_split import (
    StaticKey,
    hashable_combine,
    hashable_partition,
)

from ._functions import number_of
from ._primitive import noinline_p
from ._program import Program


class _NoInline(Module):
    """A function that is a number and arrays. All else about it is known to the host only."""

    dynamic_index: Int[np.ndarray, ""] | Int[Array, ""]
    abstract_fn: Callable[..., Any] = field(static=True)
    dynamic_fn: PyTree[Array]

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        # Not the function: its name would be part of our structure, in which functions that are to
        # be swapped for each other must not differ.
        return self.abstract_fn

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        arguments = self.dynamic_fn, args, kwargs
        leaves, static = hashable_partition(arguments, is_array)
        expected = cached_filter_eval_shape(self.abstract_fn, self.dynamic_fn, *args, **kwargs)
        structs, result = hashable_partition(expected, _is_struct)
        avals = tuple(ShapedArray(x.shape, x.dtype) for x in structs if x is not None)
        program = Program(
            arguments=StaticKey(static),
            dynamic=tuple(leaf is not None for leaf in leaves),
            result=StaticKey(result),
            avals=avals,
            outputs=avals,
        )
        arrays = noinline_p.bind(
            self.dynamic_index, *[leaf for leaf in leaves if leaf is not None], program=program
        )
        rest = iter(arrays)
        return hashable_combine([None if x is None else next(rest) for x in structs], result)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


def _is_struct(leaf: Any) -> bool:
    return isinstance(leaf, jax.ShapeDtypeStruct)


class _Itself:
    """The `abstract_fn` of a function that was given none. Equal for equal functions."""

    def __init__(self, fn: Callable[..., Any], static_fn: StaticKey) -> None:
        functools.update_wrapper(self, fn)
        self._static_fn = static_fn

    def __call__(self, dynamic_leaves: Any, *args: Any, **kwargs: Any) -> Any:
        return hashable_combine(dynamic_leaves, self._static_fn.static)(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._static_fn == other._static_fn

    def __hash__(self) -> int:
        return hash(self._static_fn)


def noinline(
    fn: Callable[..., Any], abstract_fn: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """`fn`, compiled by itself and not as a part of what calls it.

    Where a big function is called many times in one program, it is then traced once abstractly at
    each place, which is cheap, and compiled once, which is not. In return each call leaves the
    surrounding program for Python, and nothing is optimised across it.

    `fn` may be any callable pytree, such as a Module; arrays in it are inputs. It may be
    differentiated and batched, to any order. A result that is no array must be the same for all
    calls with the same shapes.

    `abstract_fn(dynamic_fn, *args, **kwargs)` says what `fn` returns: anything of the right
    shapes, dtypes and structure. `dynamic_fn` is `fn` without what is no array, as a list of
    leaves. Functions that share one `abstract_fn`, and have arrays of the same shapes, may be
    swapped for each other without compiling again what calls them. Without it, `fn` is asked
    itself.

    Raises, at the call, `ValueError` if `fn` does not return what `abstract_fn` said, and
    `NotImplementedError` under a `vmap` over functions.
    """
    dynamic_fn, static = hashable_partition(fn, is_array)
    static_fn = StaticKey(static)
    if abstract_fn is None:
        abstract_fn = _Itself(fn, static_fn)
    index = np.asarray(number_of(static_fn), np.int32)
    return module_update_wrapper(_NoInline(index, abstract_fn, dynamic_fn))
