"""From a call to the program: through C++ where jaxlib lets us, else through `jax.jit` itself."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import jax.tree_util as jtu

from eqxcore import _jax_internals as internals
from eqxcore import _registry as registry
from eqxcore._function_name import function_name

from ._cache import JitCache
from ._options import Options
from ._output import Output
from ._split import split
from ._traces import Traced, jit_of_arrays, quiet_donation, traced_for
from ._waited import Waited

_NO_FUNCTION = None


def _call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def dispatcher(function: Any, options: Options, cache: JitCache) -> Callable[..., Any]:
    """A callable that takes arguments of `function` and runs its compiled program.

    What is compiled is noted in `cache`, which raises where that is too much.
    Where the function is a pytree, its arrays are arguments of the program, too.
    """
    is_dynamic = not jtu.all_leaves([function])
    if registry.AVAILABLE and internals.CompiledFunction is not None:
        run = _fast(function, options, is_dynamic, cache)
    else:
        run = _public(function, options, is_dynamic, cache)
    if not is_dynamic:
        return run
    return functools.partial(run, function)


def _quietly(options: Options) -> contextlib.AbstractContextManager[Any]:
    return quiet_donation() if options.is_donation_silent else contextlib.nullcontext()


def _jitted_of(traced: Traced, options: Options, call: Any, structure: Any, arrays: Any) -> Any:
    if not traced.forgets:
        return traced.jitted
    return traced.jitted_for(arrays, lambda: jit_of_arrays(options, call, structure))


def _public(
    function: Any, options: Options, is_dynamic: bool, cache: JitCache
) -> Callable[..., Any]:
    fun = _NO_FUNCTION if is_dynamic else function

    def run(*args: Any, **kwargs: Any) -> Any:
        if is_dynamic:
            called, *rest = args
            call = called, tuple(rest), kwargs
        else:
            call = function, args, kwargs
        arrays, structure = split(call)
        traced = traced_for(fun, options, call, structure)
        jitted = _jitted_of(traced, options, call, structure, arrays)
        with cache.while_calling(traced, call, arrays), _quietly(options), traced.checks:
            output = jitted(*arrays)
        if traced.checks.found:
            traced.checks.wait_for(output.arrays)
        return output.unflatten()

    return run


def _fast(function: Any, options: Options, is_dynamic: bool, cache: JitCache) -> Callable[..., Any]:
    """The call goes straight to C++, which flattens it with our registry and finds the program.

    Only when it finds none is Python called: `miss` traces, runs, and says how to find it.
    """
    fun = _NO_FUNCTION if is_dynamic else function

    def miss(*args: Any, **kwargs: Any) -> tuple[Output | Any, Any, bool]:
        if is_dynamic:
            called, *rest = args
            call = called, tuple(rest), kwargs
        else:
            call = function, args, kwargs
        known_before = registry.known_count()
        arrays, structure = split(call)
        # Not after the call: C++ never again looks for the program of a call that it was given
        # none for, and types which are met while tracing, or in the result, do not concern it.
        was_known = registry.known_count() == known_before
        traced = traced_for(fun, options, call, structure)
        jitted = _jitted_of(traced, options, call, structure, arrays)
        with cache.while_calling(traced, call, arrays), _quietly(options), traced.checks:
            output, program = internals.run_and_describe(jitted, arrays)
        if traced.checks.found:
            traced.checks.wait_for(output.arrays)
        result = output.unflatten()
        if program is not None:
            if not was_known:
                # C++ described this call before it knew the type of something in it, which it
                # took for an array: that description must not be remembered.
                program = None
            else:
                program = internals.with_result_structure(
                    program,
                    registry.DISPATCH.flatten(
                        Waited(result, traced.checks) if traced.checks.found else result
                    )[1],
                )
        return result, program, False

    assert internals.CompiledFunction is not None
    compiled = internals.CompiledFunction(
        function_name(function), _call if is_dynamic else function, miss, registry.DISPATCH
    )
    cache.programs_are_in(compiled)
    return compiled
