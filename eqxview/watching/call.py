"""From a call that is about to be compiled to what is kept of it."""

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np

from eqxview.watching.call_key import CallKey, Parameter, call_key, pytree_node
from eqxview.watching.constant import Constant
from eqxview.watching.frames import Dispatch, functions_given
from eqxview.watching.function_mark import base_of, links_of
from eqxview.watching.site import Site, libraries
from eqxview.watching.static_mark import StaticMark, callable_mark, static_mark

_OPTIONS = (
    "donate_argnums",
    "donate_argnames",
    "keep_unused",
    "compiler_options_kvs",
    "in_shardings_leaves",
    "out_shardings_leaves",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call: which function, with which key. Holds nothing of the user's."""

    function: StaticMark
    key: CallKey
    options: tuple[StaticMark, ...]
    site: Site | None
    is_operation: bool
    """Whether the function is one of JAX's own: an operation outside of any jitted function."""
    given: tuple[StaticMark, ...] = ()
    """For an operation: the functions that it was given, as `jax.lax.scan` is."""
    constants: tuple[Constant, ...] = ()
    """Arrays that the program holds, though they are no arguments of the call."""


def call_of(dispatch: Dispatch) -> Call:
    """What is to be remembered of the call that is on its way."""
    values = dispatch.caller.f_locals
    if dispatch.through == "equinox":
        wrapper = values["jit_wrapper"]
        return filtered_call(wrapper.__wrapped__, values["args"], values["kwargs"], dispatch.site)
    if dispatch.through == "eqxcore":
        function, args = values["function"], values["args"]
        if values["is_dynamic"]:
            function, *args = args
        call = filtered_call(function, tuple(args), values["kwargs"], dispatch.site)
        return replace(call, options=(static_mark(values["options"]),))
    function, info = values["fun"], values["jit_info"]
    call = jitted_call(function, info, values["args"], values["kwargs"], dispatch.site)
    if not call.is_operation:
        return call
    return replace(call, given=tuple(callable_mark(f) for f in functions_given(dispatch)))


def function_of(dispatch: Dispatch) -> Any:
    """The function that is called. Not to be kept."""
    values = dispatch.caller.f_locals
    if dispatch.through == "equinox":
        return values["jit_wrapper"].__wrapped__
    if dispatch.through == "eqxcore":
        # A function that is a pytree is an argument: its arrays are no constants.
        return None if values["is_dynamic"] else values["function"]
    return values["fun"]


def jitted_call(
    function: Any, info: Any, args: tuple[Any, ...], kwargs: dict[str, Any], site: Site | None
) -> Call:
    """A call of `jax.jit(function)`; `info` is what JAX keeps of the options, or `None`."""
    signature = getattr(info, "fun_signature", None) or signature_of(function)
    names = set(getattr(info, "static_argnames", None) or ())
    if signature is not None:
        parameters = list(signature.parameters)
        for index in getattr(info, "static_argnums", None) or ():
            if -len(parameters) <= index < len(parameters):
                names.add(parameters[index])
    key = call_key(
        signature, args, kwargs, static_names=frozenset(names), is_static=lambda leaf: False
    )
    options = tuple(static_mark(getattr(info, name, None)) for name in _OPTIONS)
    return Call(callable_mark(function), key, options, site, _is_of_jax(function))


def filtered_call(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], site: Site | None
) -> Call:
    """A call of `filter_jit(function)`, eqxcore's or Equinox's."""
    key = call_key(signature_of(function), args, kwargs, is_static=_is_static_leaf, is_bound=True)
    mark = callable_mark(function)
    if not jtu.all_leaves([function]):
        # A Module, or a method of one: it is told from others as an argument is.
        node = pytree_node(function, is_static=_is_static_leaf)
        key = replace(
            key, parameters=(Parameter("<function>", "positional", node), *key.parameters)
        )
        assert mark.function is not None
        mark = replace(mark, function=replace(mark.function, identity=0), parts=())
    return Call(mark, key, (), site, False)


def _is_static_leaf(leaf: Any) -> bool:
    return not isinstance(leaf, (jax.Array, np.ndarray, np.generic))


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """The signature, or `None` for a function that has none to tell."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _is_of_jax(function: Any) -> bool:
    base = base_of(function)
    code = getattr(base, "__code__", None)
    if code is not None:
        owner = libraries.owner(code.co_filename)
        # The method of a layer is a library's, the model is the user's.
        is_of_model = owner in ("eqxcore", "equinox") and any(
            isinstance(link, types.MethodType) for link in links_of(function)
        )
        return bool(owner) and not is_of_model
    module = getattr(base, "__module__", None) or type(base).__module__
    return module.partition(".")[0] in ("jax", "jaxlib")
