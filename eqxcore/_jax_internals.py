"""The private names of JAX and jaxlib that eqxcore uses: all of them, and only here.

None of them is needed. Each is probed when this module is imported, and what is missing is
`None` (or `HAVE_...` is false); the callers then take a slower way through JAX's public
interface. Set the environment variable `EQXCORE_PUBLIC_JAX=1` to take it always.
"""

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.tree_util as jtu

_FORBIDDEN = os.environ.get("EQXCORE_PUBLIC_JAX", "") not in ("", "0")


def _probe(find: Callable[[], Any]) -> Any:
    """What `find` returns, or `None` where this JAX does not have it."""
    if _FORBIDDEN:
        return None
    try:
        return find()
    except (ImportError, AttributeError, TypeError):
        return None


def _find_array_type() -> type:
    from jax._src.array import ArrayImpl

    return ArrayImpl


def _find_registry_type() -> type:
    from jax._src.lib import pytree

    registry = pytree.PyTreeRegistry(
        enable_none=True,
        enable_tuple=True,
        enable_namedtuple=True,
        enable_list=True,
        enable_dict=True,
    )
    # Tried here so that a registry that behaves otherwise is found out at import.
    leaves, treedef = registry.flatten((1, [2, None], {"a": 3}))
    if leaves != [1, 2, 3] or treedef.unflatten(leaves) != (1, [2, None], {"a": 3}):
        raise TypeError("the registry does not flatten as JAX does")
    if treedef.node_data()[0] is not tuple or len(treedef.children()) != 3:
        raise TypeError("the treedef cannot be walked")
    return pytree.PyTreeRegistry


def _find_registered_nodes() -> dict[type, Any]:
    from jax._src import tree_util

    nodes = tree_util._registry
    _ = nodes[list].to_iter, nodes[list].from_iter  # the shape that we rely on
    return nodes


def _find_none_leaf_flatten() -> Callable[..., Any]:
    from jax._src import tree_util

    leaves, _ = tree_util.none_leaf_registry.flatten([None, 1])
    if leaves != [None, 1]:
        raise TypeError("None is not a leaf")
    return tree_util.none_leaf_registry.flatten


def _find_key_array() -> tuple[type, Callable[..., Any], Callable[..., Any]]:
    import importlib

    from jax._src import tree_util

    try:
        prng = importlib.import_module("jax._src.random.prng")
    except ImportError:
        # Before JAX 0.10.
        prng = importlib.import_module("jax._src.prng")
    # It must be JAX's way of dispatching keys, too: not a node for users, one for dispatch.
    if prng.PRNGKeyArray in tree_util._registry:
        raise TypeError("key arrays are pytree nodes")
    return prng.PRNGKeyArray, prng.prngkeyarray_flatten, prng.prngkeyarray_unflatten


def _find_compiled_function() -> Any:
    import inspect

    from jax._src import pjit
    from jax._src.interpreters import pxla
    from jaxlib import _jax  # type: ignore[attr-defined]

    for function, parameters in (
        (pjit._infer_params, ["fun", "ji", "args", "kwargs"]),
        (pjit._run_python_pjit, ["p", "args_flat", "fun", "args", "kwargs"]),
        (
            pjit._get_fastpath_data,
            [
                "executable",
                "out_tree",
                "args_flat",
                "out_flat",
                "effects",
                "consts_for_constvars",
                "pgle_profiler",
                "const_args",
            ],
        ),
    ):
        if list(inspect.signature(function).parameters) != parameters:
            raise TypeError(f"{function.__name__} takes other arguments")
    if "out_pytree_def" not in pxla.MeshExecutableFastpathData._fields:
        raise TypeError("the description of a program has another form")
    jitted = jax.jit(lambda: None)
    _ = jitted._fun, jitted._jit_info  # type: ignore[attr-defined]
    probe = _jax.pjit(
        "probe",
        abs,
        abs,
        [],
        [],
        pxla.JitGlobalCppCacheKeys(),
        PyTreeRegistry(),
        pxla.cc_shard_arg,
        _jax.PjitFunctionCache(capacity=1),
    )
    probe._clear_cache()
    return _jax, pjit, pxla


def _find_literal_arrays() -> tuple[type, ...]:
    from jax._src import literals

    return tuple(
        getattr(literals, name)
        for name in ("LiteralArray", "TypedNdArray")
        if hasattr(literals, name)
    )


literal_arrays: tuple[type, ...] = _probe(_find_literal_arrays) or ()
"""What JAX makes of constants in a trace: arrays, though no instances of `jax.Array`."""

ArrayImpl: type | None = _probe(_find_array_type)
"""The exact type of a concrete `jax.Array`."""

PyTreeRegistry: Any = _probe(_find_registry_type)
"""jaxlib's registry of pytree nodes: a new one can be made, with nodes of our own."""

registered_nodes: dict[type, Any] | None = _probe(_find_registered_nodes)
"""What is registered with `jax.tree_util`: class to (`to_iter`, `from_iter`). Live."""

key_array: Any = _probe(_find_key_array)
"""The class of typed PRNG keys, with the functions that take one apart and put it together."""

_none_leaf_flatten: Any = _probe(_find_none_leaf_flatten)


def flatten_none_as_leaf(pytree: Any) -> tuple[list[Any], Any]:
    """The leaves and treedef of `pytree`, with every `None` a leaf."""
    if _none_leaf_flatten is not None:
        return _none_leaf_flatten(pytree)
    return jtu.tree_flatten(pytree, is_leaf=lambda node: node is None)


# The C++ half of `jax.jit`: flattens the arguments, looks for the program, runs it.
_compiled: Any = _probe(_find_compiled_function)

# Programs that one function may have before the oldest is forgotten, as for `jax.jit` itself.
_PROGRAMS = 4096


class _MakeCompiledFunction:
    """Makes functions that are dispatched in C++."""

    def __call__(
        self, name: str, function: Callable[..., Any], miss: Callable[..., Any], registry: Any
    ) -> Callable[..., Any]:
        """A function that finds its program by what `registry` makes of the arguments.

        `miss(*args, **kwargs)` is called when there is none, and returns (result, description of
        the program or `None`, False). `function` is what is called under `jax.disable_jit()`.
        """
        _jax, _, pxla = _compiled
        compiled = _jax.pjit(
            name,
            function,
            miss,
            [],
            [],
            pxla.JitGlobalCppCacheKeys(),
            registry,
            pxla.cc_shard_arg,
            _jax.PjitFunctionCache(capacity=_PROGRAMS),
        )
        # What `jax.debug_nans` runs again, operation by operation, when a result has a NaN.
        compiled._fun = function
        return compiled


CompiledFunction = None if _compiled is None else _MakeCompiledFunction()
"""Makes functions that are dispatched in C++, or `None`."""


def forget_programs(compiled: Any) -> None:
    """Forgets every program that a function of `CompiledFunction` finds."""
    compiled._clear_cache()


def run_and_describe(jitted: Any, arrays: list[Any]) -> tuple[Any, Any]:
    """What `jitted(*arrays)` returns, and a description of the program that ran for C++.

    The description is `None` where C++ cannot run the program by itself: it has side effects, or
    the call is being traced.
    """
    _, pjit, _ = _compiled
    inputs, flat_args = pjit._infer_params(jitted._fun, jitted._jit_info, tuple(arrays), {})
    result, flat_result, tree, flat_args, jaxpr, executable, profiler, constants = (
        pjit._run_python_pjit(inputs, flat_args, jitted._fun, tuple(arrays), {})
    )
    program = pjit._get_fastpath_data(
        executable,
        tree,
        flat_args,
        flat_result,
        jaxpr.effects,
        jaxpr.consts,
        profiler,
        constants,
    )
    return result, program


def with_result_structure(program: Any, treedef: Any) -> Any:
    """The description of a program with another structure for C++ to unflatten results into."""
    return program._replace(out_pytree_def=treedef)


def _find_debugger_exclusion() -> Callable[[str], None]:
    from jax._src import traceback_util

    return traceback_util.register_exclusion


_exclude_from_debugger: Callable[[str], None] | None = _probe(_find_debugger_exclusion)


def hide_from_debugger(folder: str) -> bool:
    """Leaves the files in `folder` out of what `jax.debug.breakpoint` shows. Gives whether it did.

    JAX leaves them out of the tracebacks that it filters, too.
    """
    if _exclude_from_debugger is None:
        return False
    _exclude_from_debugger(folder)
    return True


def keep_out_of_callback_log(error: type[BaseException]) -> None:
    """Keeps JAX from logging a callback that raised `error`, with a traceback of its own inside.

    A name of a logger, and no name in JAX: where there is no such logger, nothing is logged.
    """

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.exc_info is None or not isinstance(record.exc_info[1], error)

    logging.getLogger("jax._src.callback").addFilter(is_of_others)


def _find_programs() -> tuple[type, ...]:
    from jax._src import core

    # From JAX 0.12 on there is one class for programs, whether they have constants or not.
    closed = getattr(core, "ClosedJaxpr", core.Jaxpr)
    return closed, core.Jaxpr, core.Literal, core.Primitive


# Public, all four, in `jax.extend.core`. But to import that loads Pallas: 30 ms.
if TYPE_CHECKING:
    import jax.extend.core

    # Not listed among the public names of JAX 0.12, where it is another name of `Jaxpr`.
    ClosedJaxpr = jax.extend.core.ClosedJaxpr  # pyright: ignore[reportPrivateImportUsage]
    Jaxpr = jax.extend.core.Jaxpr
    Literal = jax.extend.core.Literal
    Primitive = jax.extend.core.Primitive
else:
    _programs = _probe(_find_programs)
    if _programs is None:
        from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Primitive
    else:
        ClosedJaxpr, Jaxpr, Literal, Primitive = _programs
