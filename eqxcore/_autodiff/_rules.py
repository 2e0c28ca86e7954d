"""What the functions with differentiation rules of their own have in common."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax.custom_derivatives import SymbolicZero

from eqxcore._partial import Partial
from eqxcore._pickling import find_name, load_callable
from eqxcore._predicates import is_array

# What `functools.update_wrapper` takes over, except the `__dict__`: a Module's is its fields.
_NAMES = ("__module__", "__name__", "__qualname__", "__doc__")


class FunctionWithRules:
    """A function, called by its name and bound as a method; its rules are given afterwards."""

    __name__: str
    __wrapped__: Callable[..., Any]
    fn: Callable[..., Any]
    """The function."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        if not callable(fn):
            raise TypeError(
                f"`{type(self).__name__}` got {fn!r}, which cannot be called; expected a "
                f"function. Write `@eqx.{type(self).__name__}` above it, without parentheses."
            )
        self.fn = fn
        self.__wrapped__ = fn
        for name in _NAMES:
            setattr(self, name, getattr(fn, name, getattr(type(fn), name)))

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)

    def __reduce__(self) -> Any:
        # Written by name where it has one, as functions are: it then comes back as itself.
        name = find_name(self)
        return super().__reduce__() if name is None else (load_callable, name)

    def __repr__(self) -> str:
        return f"<wrapped function {self.__name__}>"


def as_array(value: Any) -> Any:
    """The value that stands for an array inside of a rule, as an array.

    A Python number that is differentiated reaches the rules as an object of JAX's own, which is
    no array in anybody's terms.
    """
    return value if is_array(value) else jnp.asarray(value)


def as_zero_or_array(tangent: Any) -> Any:
    """A tangent or cotangent, with `None` for a zero."""
    if isinstance(tangent, SymbolicZero) or getattr(tangent, "dtype", None) == jax.dtypes.float0:
        return None
    return tangent


def paths_of(pytree: Any) -> list[str]:
    """The key paths of the leaves, in order."""
    return [jtu.keystr(path) for path, _ in jtu.tree_leaves_with_path(pytree)]
