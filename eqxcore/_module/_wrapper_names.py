"""`module_update_wrapper`: a Module that wraps a function takes over the function's names."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax.tree_util as jtu

from ._module import Module
from ._remembering import fill_in
from ._storage import fields_of, forget
from ._window import WRAPPER_NAMES

_Wrapper = TypeVar("_Wrapper", bound=Module)


def module_update_wrapper(wrapper: _Wrapper, wrapped: Callable[..., Any] | None = None) -> _Wrapper:
    """A copy of the Module `wrapper` with the name, docstring and annotations of what it wraps.

    As `functools.update_wrapper`, for Modules: these cannot be changed, hence the copy. The class
    must have a *property* `__wrapped__` that returns the wrapped function; `wrapped` is what the
    names are taken from, by default that function. The names become part of the structure of the
    pytree: two wrappers of functions that are called differently are different programs.

    Raises `ValueError` when `__wrapped__` is not a property.
    """
    cls = type(wrapper)
    if not isinstance(getattr(cls, "__wrapped__", None), property):
        raise ValueError(
            f"module_update_wrapper() got a {cls.__qualname__}, whose class has no property "
            f"`__wrapped__`. Expected one, since an attribute would be copied with the names, and "
            f"go stale when the Module is rebuilt: add `@property def __wrapped__(self): return "
            f"self.fn` to the class."
        )
    if wrapped is None:
        wrapped = wrapper.__wrapped__  # type: ignore[attr-defined]
    leaves, treedef = jtu.tree_flatten(wrapper)
    copy = treedef.unflatten(leaves)
    names = {}
    for name in WRAPPER_NAMES:
        try:
            names[name] = getattr(wrapped, name)
        except AttributeError:
            continue  # a `functools.partial` has no name, say
    fill_in(copy)
    forget(copy)
    fields = fields_of(copy)
    fields.update(names)
    return copy
