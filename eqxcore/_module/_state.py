"""The fields of a Module as they are pickled."""

import collections
import functools
import pickle
import threading
import types
from collections.abc import Iterator
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np

from eqxcore._pickling import (
    find_name,
    is_by_value_pickler,
    refused_but_importable,
    stand_in,
)
from eqxcore._predicates import is_array

from ._remembering import fill_in
from ._storage import fields_of

_WITHOUT_CALLABLES = frozenset(
    {int, float, complex, bool, str, bytes, bytearray, type(None), np.ndarray, np.dtype, type}
)


class _Checked(threading.local):
    """Modules inside of one that is being pickled: their functions have been checked with it."""

    def __init__(self) -> None:
        self.ids: set[int] = set()


_checked = _Checked()


def prepare_state(module: Any, state: dict[str, Any]) -> dict[str, Any]:
    """The fields of `module`, with stand-ins for the callables that pickle refuses.

    Containers are replaced by copies only where something inside of them is. Raises
    `pickle.PicklingError`, naming the key path, for a function that has no name to be imported by;
    but not when cloudpickle is at work, which writes such functions out.
    """
    # A pickler comes to the outermost Module first: looking through everything then gives whole
    # key paths, and looking again for each Module inside would be quadratic in the depth.
    if id(module) in _checked.ids:
        _checked.ids.discard(id(module))
    else:
        _checked.ids.clear()
        _check_functions(type(module).__qualname__, state)
    return {name: _prepare(value, set()) for name, value in state.items()}


def _prepare(value: Any, inside_of: set[int]) -> Any:
    cls = type(value)
    if cls in _WITHOUT_CALLABLES or is_array(value):
        return value
    if hasattr(cls, "__eqxcore_layout__"):
        fill_in(value)
        if "__qualname__" not in fields_of(value):
            return value
    if cls in (list, tuple, dict, collections.OrderedDict) or _is_named_tuple(cls):
        if id(value) in inside_of:
            return value  # it holds itself: pickle can cope with that, we cannot
        inside_of.add(id(value))
        prepared = _prepare_container(value, inside_of)
        inside_of.discard(id(value))
        return prepared
    if cls in (functools.partial, jtu.Partial):
        parts = value.func, value.args, value.keywords
        prepared = tuple(_prepare(part, inside_of) for part in parts)
        if all(new is old for new, old in zip(prepared, parts, strict=True)):
            return value
        func, args, keywords = prepared
        return cls(func, *args, **keywords)
    name = refused_but_importable(value)
    return value if name is None else stand_in(name)


def _prepare_container(value: Any, inside_of: set[int]) -> Any:
    cls = type(value)
    if issubclass(cls, dict):
        items = {key: _prepare(item, inside_of) for key, item in value.items()}
        if all(items[key] is item for key, item in value.items()):
            return value
        return cls(items)
    items = [_prepare(item, inside_of) for item in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return tuple.__new__(cls, items) if issubclass(cls, tuple) else items


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _check_functions(owner: str, state: dict[str, Any]) -> None:
    for name, value in state.items():
        for path, function in _functions(value, f".{name}", set()):
            if find_name(function) is not None or is_by_value_pickler():
                continue
            raise pickle.PicklingError(
                f"The function {function!r} at {path} of {owner} cannot be pickled: "
                f"{_reason(function)}. Expected a function that can be imported by name, since "
                f"pickle writes names. Define it with `def` at the top level of a module, or "
                f"write the model with `cloudpickle.dump`, or save its arrays alone."
            )


def _functions(value: Any, path: str, inside_of: set[int]) -> Iterator[tuple[str, Any]]:
    """Key path and function, for all functions in `value` that pickle will come to."""
    cls = type(value)
    if cls in _WITHOUT_CALLABLES or is_array(value) or id(value) in inside_of:
        return
    if isinstance(value, functools.partial):
        value = value.func, value.args, value.keywords
        children: Any = [(path, part) for part in value]
    elif isinstance(value, _FUNCTION_TYPES):
        yield path, value
        return
    elif hasattr(cls, "__eqxcore_layout__"):
        fill_in(value)
        if "__qualname__" in fields_of(value) and find_name(value) is not None:
            # A decorated function is a pytree, but it is written by its name.
            return
        _checked.ids.add(id(value))
        children = [(f"{path}.{name}", item) for name, item in fields_of(value).items()]
    elif isinstance(value, dict):
        children = [(f"{path}[{key!r}]", item) for key, item in value.items()]
    elif _is_named_tuple(cls):
        children = [(f"{path}.{name}", getattr(value, name)) for name in cls._fields]
    elif isinstance(value, (list, tuple)):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        return
    inside_of.add(id(value))
    for place, child in children:
        yield from _functions(child, place, inside_of)
    inside_of.discard(id(value))


_FUNCTION_TYPES = (
    types.FunctionType,
    jax.custom_jvp,
    jax.custom_vjp,
    type(jax.jit(lambda: None)),
)


def _reason(function: Any) -> str:
    qualname = getattr(function, "__qualname__", None)
    if not isinstance(qualname, str):
        return "it has no name"
    if "<lambda>" in qualname:
        return "it is a lambda"
    if "<locals>" in qualname:
        return "it is defined inside of a function"
    module = getattr(function, "__module__", None)
    return f"{module}.{qualname} is another object, or not there"


def kept_callables(value: Any, inside_of: set[int] | None = None) -> Iterator[Any]:
    """Every callable in `value`, outside of Modules, that a deep copy must not make another of."""
    inside_of = set() if inside_of is None else inside_of
    cls = type(value)
    if cls in _WITHOUT_CALLABLES or is_array(value) or id(value) in inside_of:
        return
    if isinstance(value, functools.partial):
        value = value.func, value.args, value.keywords
    if isinstance(value, (list, tuple, dict)):
        inside_of.add(id(value))
        for item in value.values() if isinstance(value, dict) else value:
            yield from kept_callables(item, inside_of)
        inside_of.discard(id(value))
    elif isinstance(value, _FUNCTION_TYPES) or refused_but_importable(value) is not None:
        yield value
