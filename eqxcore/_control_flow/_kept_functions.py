"""The function that JAX is given, kept for as long as the user's function lives.

JAX remembers what it traced by the identity of the function. A new closure at each call would be
traced, and outside of `jit` compiled, each time.
"""

import types
import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_Made = TypeVar("_Made")

# Weak at both ends: an entry goes with the function, and what is kept must not hold the function,
# hence the references that `make` is given.
_kept: weakref.WeakKeyDictionary[Callable[..., Any], dict[Hashable, Any]] = (
    weakref.WeakKeyDictionary()
)

# Of one function; more than a few means that every call has other static values.
_MOST = 64


def kept(
    functions: tuple[Callable[..., Any], ...],
    key: Hashable,
    make: Callable[..., _Made],
) -> _Made:
    """`make(*getters)`, or what it returned before for the same functions and an equal key.

    The key says which `make` it is, too. A getter returns its function. Only plain functions are
    looked up: a Module or a method has arrays, which differ from call to call.
    """
    if not all(isinstance(function, types.FunctionType) for function in functions):
        return make(*[_returns(function) for function in functions])
    getters = tuple(weakref.ref(function) for function in functions)
    try:
        found = _kept.setdefault(functions[0], {})
        whole_key = (*getters[1:], key)
        made = found.get(whole_key)
    except (TypeError, ValueError):
        # A static value that does not hash, or does not compare. That is legal here, where nothing
        # is looked up by it: it is traced anew.
        return make(*[_returns(function) for function in functions])
    if made is None:
        if len(found) >= _MOST:
            found.clear()
        made = found[whole_key] = make(*getters)
    return made


def _returns(function: Callable[..., Any]) -> Callable[[], Callable[..., Any]]:
    return lambda: function
