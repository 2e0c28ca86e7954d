"""What `pickle` cannot take by itself, written so that it comes back as the very same object.

Plain pickle refuses `jax.nn.relu` and its like: objects that stand in the place of a function.
They can be imported by name, so that their name is what is written: a call of
`load_callable(module, qualname)`. Coming back as the same object, they are equal to what was
saved, and a loaded model finds the programs that were compiled before.
"""

import functools
import importlib
import pickle
import sys
import types
from typing import Any

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


def find_name(value: Any) -> tuple[str, str] | None:
    """(module, qualname) by which this very object can be imported, if there is one.

    A decorated function that is a pytree may have been rebuilt from its leaves since; what has
    the same leaves and the same structure counts as the same.
    """
    qualname = getattr(value, "__qualname__", None)
    module = getattr(value, "__module__", None)
    if not isinstance(qualname, str) or not isinstance(module, str):
        return None
    if module == "__main__" and is_by_value_pickler():
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
def stand_in(name: tuple[str, str]) -> _ByName:
    """What is pickled in the place of the callable of that (module, qualname)."""
    # The same one each time, so that pickle writes a function once however often it occurs.
    return _ByName(name)


def refused_but_importable(value: Any) -> tuple[str, str] | None:
    """(module, qualname) of a callable that pickle would refuse, and that has such a name."""
    if not callable(value) or isinstance(value, _BY_NAME_ALREADY):
        return None
    return find_name(value)


def is_by_value_pickler() -> bool:
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
