"""A function whose intermediate values are computed again in the backward pass, not kept."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

import jax

from eqxcore._function_name import function_name
from eqxcore._jit._output import Output
from eqxcore._jit._split import split
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial

_P = ParamSpec("_P")
_T = TypeVar("_T")

# A wrapper is called with few kinds of static values; what is forgotten is only traced again.
_MOST_REMEMBERED = 64


class _CheckpointWrapper(Module):
    """The callable behind `filter_checkpoint`. A pytree: the function's arrays are its arrays."""

    _fun: Callable[..., Any]
    _prevent_cse: bool = field(static=True)
    _policy: Callable[..., bool] | None = field(static=True)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self._fun

    # No field: it is worked out anew for a copy. It lives as long as the function itself, for a
    # function defined inside another may close over tracers, which nothing else may keep alive.
    @functools.cached_property
    def _of_arrays(self) -> Callable[[Any], Callable[..., Output]]:
        name, prevent_cse, policy = function_name(self._fun), self._prevent_cse, self._policy

        def make(structure: Any) -> Callable[..., Output]:
            def of_arrays(*arrays: Any) -> Output:
                fun, args, kwargs = structure.unflatten(arrays)
                return Output(*split(fun(*args, **kwargs)))

            of_arrays.__name__ = of_arrays.__qualname__ = name
            return jax.checkpoint(of_arrays, prevent_cse=prevent_cse, policy=policy)

        remembered = functools.lru_cache(_MOST_REMEMBERED)(make)

        def find(structure: Any) -> Callable[..., Output]:
            try:
                return remembered(structure)
            except TypeError:
                # A static value does not hash. That is fine: it is traced at every call.
                return make(structure)

        return find

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        arrays, structure = split((self._fun, args, kwargs))
        return self._of_arrays(structure)(*arrays).unflatten()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


@overload
def filter_checkpoint(
    *, prevent_cse: bool = True, policy: Callable[..., bool] | None = None
) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]: ...
@overload
def filter_checkpoint(
    fun: Callable[_P, _T],
    *,
    prevent_cse: bool = True,
    policy: Callable[..., bool] | None = None,
) -> Callable[_P, _T]: ...
def filter_checkpoint(
    fun: Callable[..., Any] | None = None,
    *,
    prevent_cse: bool = True,
    policy: Callable[..., bool] | None = None,
) -> Any:
    """`fun`, which keeps only its arguments for the backward pass, and is run again in it.

    That takes less memory, and more time. Arguments and result may be any pytrees; what is no
    array is handed through as it is.

    `policy` says which intermediate values are kept all the same: one of
    `jax.checkpoint_policies`; `None` keeps none. `prevent_cse=False` lets the compiler find out
    that it computes the same twice, which undoes the effect except inside of a `jax.lax.scan`.

    Without `fun`, a decorator. On a method, `self` is the first argument.
    """
    if fun is None:
        return functools.partial(filter_checkpoint, prevent_cse=prevent_cse, policy=policy)
    return module_update_wrapper(_CheckpointWrapper(fun, prevent_cse, policy))
