"""`filter_jit`: `jax.jit` for functions of anything, in which all arrays are traced."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, overload

from eqxcore._module import BoundMethod, Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._runtime_errors import PROGRAM_ERRORS, failure_in

from ._cache import JitCache
from ._call_form import CallForms
from ._dispatch import dispatcher
from ._lowered import Lowered, lower
from ._made_once import made_once
from ._options import Donate, Options, check_max_compiles, check_options

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _JitWrapper(Module):
    """The callable behind `filter_jit`. A pytree: the arrays of the function are its arrays."""

    fn: Callable[..., Any]
    _options: Options = field(static=True, repr=False)
    _max_compiles: int | None = field(static=True, repr=False, default=None)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self.fn

    # None of these is a field: they are worked out anew for a copy.

    @made_once
    def cache(self) -> JitCache:
        """The programs that were compiled for calls of this function."""
        return JitCache(self.fn, self._max_compiles)

    @made_once
    def _run(self) -> Callable[..., Any]:
        return dispatcher(self.fn, self._options, self.cache)

    @made_once
    def _forms(self) -> CallForms:
        return CallForms(self.fn)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        try:
            if kwargs:
                args, kwargs = self._forms.normalise(args, kwargs)
                return self._run(*args, **kwargs)
            return self._run(*args)
        except PROGRAM_ERRORS as error:
            failure = failure_in(error)
            if failure is None:
                raise
            raise failure from None

    def lower(self, /, *args: Any, **kwargs: Any) -> Lowered:
        """The program for these arguments, lowered but not compiled.

        A `jax.ShapeDtypeStruct` stands for an array. `.compile()` gives a callable that takes
        arguments as this function does; everything else is as of `jax.jit(f).lower(...)`.
        """
        return lower(self.fn, self._options, self._forms, args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        if isinstance(self.fn, Module):
            return Partial(self, instance)
        return BoundMethod(self, instance)


@overload
def filter_jit(
    *, donate: Donate = "none", max_compiles: int | None = None, **jitkwargs: Any
) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]: ...
@overload
def filter_jit(
    fun: Callable[_P, _T],
    *,
    donate: Donate = "none",
    max_compiles: int | None = None,
    **jitkwargs: Any,
) -> Callable[_P, _T]: ...
def filter_jit(
    fun: Callable[..., Any] | None = None,
    *,
    donate: Donate = "none",
    max_compiles: int | None = None,
    **jitkwargs: Any,
) -> Any:
    """`fun`, compiled: all arrays in its arguments are traced, everything else is static.

    Arguments and results may be any pytrees. A call with other static values, or with arrays of
    other shapes and dtypes, compiles again. Static values must hash; results that are not arrays
    come back as the very objects that `fun` returned when it was traced. Where `fun` is itself a
    pytree, a Module or a method of one, its arrays are traced, too.

    `donate="all"` lets the result reuse the memory of the arguments, which must then not be used
    again; `"all-except-first"` spares the first positional argument, which for a method is
    `self`. `"warn"` and `"warn-except-first"` do the same, and let JAX warn about what could not
    be reused.

    `in_shardings` and `out_shardings` are prefix pytrees of the tuple of positional arguments and
    of the result; a single sharding is for all. What stands at a leaf of them is the sharding of
    every array below it, and `None` leaves that to JAX; whatever is no array is passed over. For a
    method, `self` is the first argument. Other `**jitkwargs` go to `jax.jit`.

    A call returns before the arrays are computed, as of `jax.jit`, unless there is an `error_if`
    in the program: then the call waits, and raises `EquinoxRuntimeError` when a check failed.

    The result has a `cache`: a sequence of what was compiled, each with its signature, how often
    and in how many seconds. `print(f.cache)` shows it, `f.cache.clear()` forgets it. Where more
    than `max_compiles` would be compiled, the call raises `RuntimeError` in place of that, and
    says which argument is otherwise than in an earlier one, and what to do.

    Without `fun`, a decorator. Raises `ValueError` for options that name arguments.
    """
    options = check_options(donate, jitkwargs)
    check_max_compiles(max_compiles)
    if fun is None:
        return functools.partial(filter_jit, donate=donate, max_compiles=max_compiles, **jitkwargs)
    return module_update_wrapper(_JitWrapper(fun, options, max_compiles))
