"""What `pickle` cannot take by itself, written so that it comes back as the very same object.

Plain pickle refuses `jax.nn.relu` and its like: objects that stand in the place of a function.
They can be imported by name, so that their name is what is written: a call of
`load_callable(module, qualname)`. Coming back as the same object, they are equal to what was
saved, and a loaded model finds the programs that were compiled before.
"""

import collections
import functools
import importlib
import pickle
import sys
import types
from collections.abc import Iterator
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np


def load_callable(module: str, qualname: str) -> Any:
    """The object that `qualname` names in `module`, which is imported.

    Raises `pickle.UnpicklingError` when it is not there (any more).
    """
    try:
        return functools.reduce(getattr, qualname.split("."), importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        raise pickle.UnpicklingError(
            f"The pickle names the function {module}.{qualname}, which cannot be imported "
            f"({error}). Expected the library in a version that has it: pickles hold the names of "
            f"functions, not the functions. Install the version that the file was written with, or "
            f"put something of that name in place: `{module}.{qualname} = ...`."
        ) from error


# Where the functions of JAX are documented: they are looked for here first, since the private
# modules that define them move from one version to the next.
_PUBLIC_MODULES = ("jax.nn", "jax.numpy", "jax.lax", "jax.scipy.special", "jax")

# Types of callables that pickle itself writes by name.
_BY_NAME_ALREADY = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    type,
    np.ufunc,
    functools._lru_cache_wrapper,
)

_WITHOUT_CALLABLES = frozenset(
    {int, float, complex, bool, str, bytes, bytearray, type(None), np.ndarray, np.dtype, type}
)


def find_name(value: Any) -> tuple[str, str] | None:
    """(module, qualname) by which this very object can be imported, if there is one.

    A decorated function that is a pytree may have been rebuilt from its leaves since; what has
    the same leaves and the same structure counts as the same.
    """
    qualname = getattr(value, "__qualname__", None)
    module = getattr(value, "__module__", None)
    if not isinstance(qualname, str) or not isinstance(module, str):
        return None
    if module == "__main__" and _is_by_value_pickler():
        # Nobody can import it elsewhere, and these picklers take care of that.
        return None
    candidates = [module]
    if module.split(".")[0] in ("jax", "jaxlib"):
        candidates = [*_PUBLIC_MODULES, module]
    for candidate in candidates:
        found: Any = sys.modules.get(candidate)
        for name in qualname.split("."):
            found = getattr(found, name, None)
        if found is value or _is_rebuilt(found, value):
            return candidate, qualname
    return None


def _is_rebuilt(found: Any, value: Any) -> bool:
    if type(found) is not type(value) or jtu.all_leaves([value]):
        return False
    leaves, treedef = jtu.tree_flatten(value)
    found_leaves, found_treedef = jtu.tree_flatten(found)
    return treedef == found_treedef and all(
        a is b for a, b in zip(leaves, found_leaves, strict=True)
    )


class _ByName:
    """Stands in the state of an object for a callable, while that is being pickled."""

    __slots__ = ("name",)

    def __init__(self, name: tuple[str, str]) -> None:
        self.name = name

    def __call__(self) -> None:
        """Never called: a `functools.partial` only holds what it could call."""
        raise TypeError("a stand-in for pickling was called")

    def __reduce__(self) -> Any:
        return load_callable, self.name


@functools.lru_cache(maxsize=256)
def _stand_in(name: tuple[str, str]) -> _ByName:
    # The same one each time, so that pickle writes a function once however often it occurs.
    return _ByName(name)


def prepare_state(owner: str, state: dict[str, Any]) -> dict[str, Any]:
    """The fields of `owner`, with stand-ins for the callables that pickle refuses.

    Containers are replaced by copies only where something inside of them is. Raises
    `pickle.PicklingError`, naming the key path, for a function that has no name to be imported by;
    but not when cloudpickle is at work, which writes such functions out.
    """
    _check_functions(owner, state)
    return {name: _prepare(value, set()) for name, value in state.items()}


def _prepare(value: Any, inside_of: set[int]) -> Any:
    cls = type(value)
    if cls in _WITHOUT_CALLABLES or isinstance(value, jax.Array):
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
    return value if name is None else _stand_in(name)


def refused_but_importable(value: Any) -> tuple[str, str] | None:
    """(module, qualname) of a callable that pickle would refuse, and that has such a name."""
    if not callable(value) or isinstance(value, _BY_NAME_ALREADY):
        return None
    return find_name(value)


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


def kept_callables(pytree: Any) -> Iterator[Any]:
    """Every callable leaf of `pytree` that a deep copy must not make another of."""
    for leaf in jtu.tree_leaves(pytree):
        if isinstance(leaf, functools.partial):
            yield from kept_callables((leaf.func, leaf.args, leaf.keywords))
        elif isinstance(leaf, (jax.custom_jvp, jax.custom_vjp)) or (
            callable(leaf) and find_name(leaf) is not None
        ):
            yield leaf


def _check_functions(owner: str, state: dict[str, Any]) -> None:
    for name, value in state.items():
        for path, function in _functions(value, f".{name}", set()):
            if find_name(function) is not None or _is_by_value_pickler():
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
    if cls in _WITHOUT_CALLABLES or id(value) in inside_of or isinstance(value, jax.Array):
        return
    if isinstance(value, functools.partial):
        value = value.func, value.args, value.keywords
        children: Any = [(path, part) for part in value]
    elif isinstance(value, _FUNCTION_TYPES):
        yield path, value
        return
    elif callable(value) and refused_but_importable(value) is not None:
        # A decorated function is a pytree, but it is written by its name: nobody looks inside.
        return
    elif isinstance(value, dict):
        children = [(f"{path}[{key!r}]", item) for key, item in value.items()]
    elif _is_named_tuple(cls):
        children = [(f"{path}.{name}", getattr(value, name)) for name in cls._fields]
    elif isinstance(value, (list, tuple)):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    elif hasattr(cls, "__eqxcore_layout__"):
        children = [(f"{path}.{name}", item) for name, item in vars(value).items()]
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


def _is_by_value_pickler() -> bool:
    """Whether we were called by a pickler that writes functions out: cloudpickle, or dill.

    A pickler does not say who it is to those whose state it asks for. All of these have a frame
    in Python, below ours on the stack.
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if "cloudpickle" in name or name.split(".")[0] == "dill":
            return True
        frame = frame.f_back
    return False
