"""Warnings at the end of construction: values that are legal, and hardly ever meant."""

import functools
import types
import warnings
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np

from eqxcore._predicates import is_array, is_inexact_array
from eqxcore._trees._pretty import tree_pformat

from ._declared import declared_at
from ._method import BoundMethod

# Static values of these types hold no array: no need to look into them.
plain_types = frozenset(
    {int, float, complex, bool, str, bytes, type(None), types.FunctionType, np.dtype, type}
)

# Types of what `jax.jit(f)`, `jax.grad(f)` and so on return.
_transformed_types = frozenset(
    {type(transform(lambda x: x)) for transform in (jax.jit, jax.custom_jvp, jax.custom_vjp)}
    | {types.FunctionType}
)
callable_types = _transformed_types | {functools.partial, BoundMethod}
"""Values of these types are looked at more closely when a field gets one."""


def warn_of_static_arrays(cls: type, name: str, value: Any, stacklevel: int) -> None:
    """Warns when the value of a static field is, or holds, an array."""
    if any(is_array(leaf) for leaf in jtu.tree_leaves(value)):
        warnings.warn(
            f"A JAX array is being set as static! `.{name}` of {cls.__qualname__}, a static field"
            f"{declared_at(cls, name)}, got {_describe(value)}.\n"
            "Expected no array in a static field, since compiled programs are found by comparing "
            "and hashing their values.\n"
            f"Write `{name}: Array` without `static=True`; for an array that is not to be trained, "
            f"`jax.lax.stop_gradient(self.{name})` where it is used.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


def _describe(value: Any) -> str:
    text = tree_pformat(value, width=10**6)
    return text if len(text) <= 60 else f"{type(value).__qualname__} that holds an array"


def warn_of_uninitialised_arrays(cls: type, name: str, value: Any, stacklevel: int) -> None:
    """Warns when a field with `init=False` got a floating-point array."""
    if any(is_inexact_array(leaf) for leaf in jtu.tree_leaves(value)):
        warnings.warn(
            f"The field .{name} of {cls.__qualname__} has `init=False` and got an array of "
            f"floating-point numbers. A field computed from others is computed once, at "
            f"construction, so that gradients and updates of the others do not reach it. Write "
            f"a property, `@property def {name}(self): ...`, if it depends on other fields.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


def warn_of_transformed(value: Any, stacklevel: int) -> None:
    """Warns when `value` is a JAX-transformed function of something that holds arrays."""
    if type(value) not in _transformed_types or not hasattr(value, "__wrapped__"):
        return
    inner = value
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    if isinstance(inner, types.FunctionType):
        return
    if isinstance(inner, types.MethodType):
        inner = BoundMethod(inner.__func__, inner.__self__)
    if any(is_array(leaf) for leaf in jtu.tree_leaves(inner)):
        warnings.warn(
            "Possibly assigning a JAX-transformed callable as an attribute: a field got a "
            f"transformed {type(inner).__name__}, which holds arrays. They are hidden in it: no "
            "gradient, no update and no filter reaches them. Store the module itself, and "
            "transform it where it is called: `jax.vmap(self.layer)(x)`; or use the `eqx.filter_` "
            "transformation, whose result is a pytree.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )
