"""Bound methods that are pytrees: the method is structure, the instance is its child."""

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

from eqxcore._registry import register_fixed_node
from eqxcore._trees._pretty import call_document, tree_pformat
from eqxcore._trees._tree_equal import tree_equal


class _ModuleOfFunction(str):
    """A `__module__` that is the class's own on the class, and the function's on an instance."""

    # A string, because `type` hands out what stands in the body of the class as it is.
    __slots__ = ()

    def __get__(self, instance: Any, owner: type) -> str | None:
        return str(self) if instance is None else instance.func.__module__


class BoundMethod(functools.partial):
    """What `module.method` is: callable, and a pytree with the module as its only child.

    It can cross any transformation, and be stored in a field, with the arrays of its module seen.
    """

    # A `functools.partial`, because making one and calling it are then C: 0.25 us together, a
    # fifth of the same in Python. And JAX looks for names inside of partials.
    __slots__ = ()
    __module__ = _ModuleOfFunction(__name__)

    @property
    def __func__(self) -> Callable[..., Any]:
        return self.func

    @property
    def __self__(self) -> Any:
        return self.args[0]

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.func.__doc__

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":
            # `inspect` takes what has `__code__` for a function, and would show `self`.
            return _signature_of(self.func)
        # As Python's own bound methods do: `__name__` and whatever else the function has.
        return getattr(self.func, name)

    def __eq__(self, other: object) -> Any:
        return tree_equal(self, other)

    def __hash__(self) -> int:
        return hash((self.func, self.args))

    def __reduce__(self) -> Any:
        for cls in type(self.__self__).__mro__:
            for name, value in cls.__dict__.items():
                if getattr(value, "__wrapped__", None) is self.func or value is self.func:
                    return getattr, (self.__self__, name)
        return BoundMethod, (self.func, self.__self__)

    def __pdoc__(self, **kwargs: Any) -> Any:
        inside = {"__func__": self.__func__, "__self__": self.__self__}
        return call_document("BoundMethod", inside, kwargs)

    def __repr__(self) -> str:
        return tree_pformat(self)


def _signature_of(func: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function without the `self` that a bound method fills in."""
    # Python knows how: it drops one of `(self, x)`, and none of `(*args)`.
    return inspect.signature(types.MethodType(func, func))


def _unflatten(func: Callable[..., Any], children: Any) -> BoundMethod:
    return BoundMethod(func, *children)


def _flatten(method: BoundMethod) -> tuple[tuple[Any, ...], Callable[..., Any]]:
    return method.args, method.func


def _flatten_with_keys(method: BoundMethod) -> Any:
    return ((jtu.GetAttrKey("__self__"), method.__self__),), method.func


jtu.register_pytree_with_keys(BoundMethod, _flatten_with_keys, _unflatten, _flatten)
register_fixed_node(BoundMethod, _flatten, _unflatten)


class Method:
    """The descriptor that stands in a Module class for a function: binds it as a `BoundMethod`.

    On the class itself it gives the function: `Linear.f is` what was written under `def f`.
    """

    # It has no `__set__`, so that a field of a subclass may have the name of a method.
    __slots__ = ("__wrapped__",)

    def __init__(self, func: Callable[..., Any]) -> None:
        self.__wrapped__ = func

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self.__wrapped__
        return BoundMethod(self.__wrapped__, instance)

    @property
    def __isabstractmethod__(self) -> bool:
        return getattr(self.__wrapped__, "__isabstractmethod__", False)

    def __reduce__(self) -> Any:
        return Method, (self.__wrapped__,)


# What would become a `types.MethodType` when read from an instance.
_FUNCTION_TYPES = (
    types.FunctionType,
    functools._lru_cache_wrapper,
    type(jax.jit(lambda: None)),
)


def is_method(name: str, value: Any) -> bool:
    """Whether the class attribute is to be bound as a `BoundMethod`.

    Magic methods are not: `module(x)` and `module + 1` never show them.
    """
    is_magic = name.startswith("__") and name.endswith("__")
    return isinstance(value, _FUNCTION_TYPES) and not is_magic
