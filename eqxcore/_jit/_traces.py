"""Every jitted function there is: one for each function, set of options, and static half."""

import collections
import contextlib
import functools
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import jax

from eqxcore._function_name import function_name
from eqxcore._module import Module
from eqxcore._module_place import telling_place
from eqxcore._predicates import is_array
from eqxcore._runtime_errors import Checks

from ._array_names import NamedArrays, names_of_arrays
from ._hashable import check_hashable
from ._heard import being_traced
from ._options import Options, jitkwargs_of
from ._output import Output
from ._shardings import (
    GroupedOutput,
    check_placement,
    grouped_output,
    shardings_of_arguments,
    shardings_of_groups,
)
from ._signature import Types, types_of
from ._split import split

# As many as JAX itself keeps. They are shared by all wrappers, so that jitting the same function
# again, or an equal wrapper of it, finds what was traced before.
_SIZE = 4096


class Traced:
    """A function of arrays that `jax.jit` made, and whether its programs have runtime checks."""

    __slots__ = ("__weakref__", "_anew", "checks", "forgets", "jitted")

    def __init__(self, jitted: Callable[..., Output]) -> None:
        self.jitted = jitted
        self.checks = Checks()
        self.forgets = False
        """Whether a program of it was forgotten: then `jitted_for` is to be asked."""
        self._anew: dict[Types, Callable[..., Output] | None] = {}

    def forget(self, types: Types) -> None:
        """Forgets what was traced for arrays of these types.

        JAX forgets all that was traced for a function or nothing. So for these types there is to
        be another one.
        """
        self._anew[types] = None
        self.forgets = True

    def jitted_for(self, arrays: Any, make: Callable[[], Callable[..., Output]]) -> Any:
        """The function of arrays for these arrays, made by `make` where the old was forgotten."""
        types = types_of(arrays)
        if types not in self._anew:
            return self.jitted
        jitted = self._anew[types]
        if jitted is None:
            jitted = self._anew[types] = make()
        return jitted


class _Traces:
    """A cache that forgets what was not used for longest."""

    def __init__(self) -> None:
        self._by_key: collections.OrderedDict[Any, Traced] = collections.OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> Traced | None:
        with self._lock:
            found = self._by_key.get(key)
            if found is not None:
                self._by_key.move_to_end(key)
            return found

    def put(self, key: Any, traced: Traced) -> Traced:
        with self._lock:
            traced = self._by_key.setdefault(key, traced)
            while len(self._by_key) > _SIZE:
                self._by_key.popitem(last=False)
            return traced

    def drop(self, traced: Traced) -> None:
        with self._lock:
            for key in [key for key, found in self._by_key.items() if found is traced]:
                del self._by_key[key]

    def clear(self) -> None:
        with self._lock:
            self._by_key.clear()


_traces = _Traces()


def clear_traces() -> None:
    """Forgets everything that was traced."""
    _traces.clear()


def drop_trace(traced: Traced) -> None:
    """Forgets what was traced of one function with one static half."""
    _traces.drop(traced)


def traced_for(
    fun: Callable[..., Any] | None,
    options: Options,
    call: tuple[Any, tuple[Any, ...], dict[str, Any]],
    structure: Any,
) -> Traced:
    """The function of arrays that `jax.jit` made, for a call with this structure.

    `call` is (function, args, kwargs), and `structure` that of `call`; `fun` is the function
    where it is static, so that different ones do not have to be told apart by comparing.
    Raises `ValueError` naming a static value that does not hash.
    """
    if options.in_shardings is not None:
        check_placement(options.in_shardings, call)
    key = fun, options, structure
    return found_or_made(key, call, lambda: Traced(jit_of_arrays(options, call, structure)))


def found_or_made(
    key: Any, call: tuple[Any, tuple[Any, ...], dict[str, Any]], make: Callable[[], Traced]
) -> Traced:
    """What was made before for an equal key, or else `make()`.

    The static half of `call` is in the key. Raises `ValueError` naming a static value in it that
    does not hash.
    """
    try:
        found = _traces.get(key)
    except (TypeError, ValueError):
        # Comparing with another call failed, on an array in a static field, say.
        check_hashable(call)
        raise
    if found is not None:
        return found
    check_hashable(call)
    return _traces.put(key, make())


def jit_of_arrays(
    options: Options,
    call: tuple[Any, tuple[Any, ...], dict[str, Any]],
    structure: Any,
    is_dynamic: Callable[[Any], bool] = is_array,
) -> Any:
    """A new `jax.jit` of the call as a function of its arrays, for which see `traced_for`.

    `is_dynamic` says what counts as an array.
    """
    function, args, _ = call
    out_shardings = options.out_shardings

    def traced(*arrays: Any) -> Output | GroupedOutput:
        function, args, kwargs = structure.unflatten(arrays)
        with being_traced, telling_place:
            result = function(*args, **kwargs)
        if out_shardings is not None:
            return grouped_output(out_shardings, function, result)
        return Output(*split(result))

    # JAX names the program, and says where it comes from, by these.
    traced.__name__ = traced.__qualname__ = function_name(function)
    source = _source_of(function)
    if source is not None:
        traced.__wrapped__ = source  # type: ignore[attr-defined]
    traced.__signature__ = NamedArrays(names_of_arrays(call, is_dynamic))  # type: ignore[attr-defined]
    jitkwargs = jitkwargs_of(options)
    if options.donate != "none":
        counts = (_count(part, is_dynamic) for part in (function, args[:1], call))
        jitkwargs["donate_argnums"] = options.donated(*counts)
    if options.in_shardings is not None:
        jitkwargs["in_shardings"] = shardings_of_arguments(options.in_shardings, call, is_dynamic)
    if out_shardings is not None:
        jitkwargs["out_shardings"] = shardings_of_groups(out_shardings)
    return jax.jit(traced, **jitkwargs)


def _source_of(function: Any) -> Callable[..., Any] | None:
    """The plain function at the bottom: never a Module, whose arrays must not be kept alive."""
    while not isinstance(function, types.FunctionType):
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, Module):
            function = getattr(function, "__wrapped__", None) or type(function).__call__
        else:
            return None
    return function


def _count(pytree: Any, is_dynamic: Callable[[Any], bool]) -> int:
    return sum(map(is_dynamic, jax.tree_util.tree_leaves(pytree)))


@contextlib.contextmanager
def quiet_donation() -> Iterator[None]:
    """Keeps JAX's warning about donated buffers that were not usable from being shown."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Some donated buffers were not usable")
        yield
