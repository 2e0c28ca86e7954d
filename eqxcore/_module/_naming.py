"""Names that JAX gives to a Module which is a function: without them it prints the Module.

`jax.vmap(model)` asks for `__code__` and `__name__` to say where the function was written, and
falls back on `str(model)`: 31 ms for a model of 200 leaves, at every trace. It asks for the
signature, too, which `inspect` works out anew at every trace of a callable object, in 30 us.
"""

import inspect
import types
import weakref
from typing import Any


class NameOfClass:
    """A descriptor: the `__name__` of an instance is the name of its class.

    It has no `__set__`, so that a name which `module_update_wrapper` puts on an instance wins.
    """

    def __get__(self, instance: Any, owner: type) -> str:
        if instance is None:
            return owner.__name__
        return type(instance).__name__


class CodeOfCall:
    """A descriptor: the `__code__` of an instance is that of its `__call__`."""

    def __get__(self, instance: Any, owner: type) -> Any:
        code = getattr(_call_of(owner), "__code__", None)
        if instance is None or code is None:
            raise AttributeError(f"{owner.__name__!r} object has no attribute '__code__'")
        return code


_signatures: weakref.WeakKeyDictionary[types.FunctionType, inspect.Signature]
_signatures = weakref.WeakKeyDictionary()


class SignatureOfCall:
    """A descriptor: the `__signature__` of an instance is that of its `__call__`, without self.

    There is none where it takes more to find it: where the instance wraps a function, say. Then
    `inspect` does.
    """

    def __get__(self, instance: Any, owner: type) -> inspect.Signature:
        call = _call_of(owner)
        if (
            instance is None
            or type(call) is not types.FunctionType
            or hasattr(owner, "__wrapped__")
        ):
            raise AttributeError(f"{owner.__name__!r} object has no attribute '__signature__'")
        known = _signatures.get(call)
        if known is None:
            known = _signatures[call] = inspect.signature(types.MethodType(call, instance))
        return known


def _call_of(owner: type) -> Any:
    return owner.__dict__.get("__call__") or getattr(owner, "__call__", None)  # noqa: B004
