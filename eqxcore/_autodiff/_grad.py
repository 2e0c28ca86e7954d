"""Differentiate a function with respect to the floating-point arrays of its first argument."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, overload

import jax

from eqxcore._function_name import function_name
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._module_place import telling_place
from eqxcore._partial import Partial
from eqxcore._predicates import is_inexact_array

# What `jax.value_and_grad` takes besides the function and what we decide ourselves.
_GRAD_OPTIONS = tuple(
    name
    for name in inspect.signature(jax.value_and_grad).parameters
    if name not in ("fun", "argnums", "has_aux")
)


class _ValueAndGrad(Module):
    """The callable behind `filter_value_and_grad`."""

    _fun: Callable
    _has_aux: bool
    _options: tuple[tuple[str, Any], ...] = field(static=True)

    @property
    def __wrapped__(self) -> Callable:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return _value_and_grad(self._fun, self._has_aux, self._options, args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


class _Grad(Module):
    """The callable behind `filter_grad`."""

    _fun: Callable
    _has_aux: bool
    _options: tuple[tuple[str, Any], ...] = field(static=True)

    @property
    def __wrapped__(self) -> Callable:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        value, grad = _value_and_grad(self._fun, self._has_aux, self._options, args, kwargs)
        if not self._has_aux:
            return grad
        _, aux = value
        return grad, aux

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


@overload
def filter_value_and_grad(*, has_aux: bool = False, **gradkwargs: Any) -> Callable: ...
@overload
def filter_value_and_grad(fun: Callable, *, has_aux: bool = False, **gradkwargs: Any) -> Any: ...
def filter_value_and_grad(
    fun: Callable | None = None, *, has_aux: bool = False, **gradkwargs: Any
) -> Any:
    """`fun`, made to return its value and its gradient in its first argument.

    The first argument may be any pytree. The gradient has its structure, with an array at each
    floating-point (or complex) array and `None` at every other leaf: integers, functions,
    strings, and Python floats too (make one an array, `jnp.asarray(1.0)`, to differentiate it).
    All other arguments are passed on untouched.

    `has_aux=True`: `fun` returns `(value, aux)`, and the result is `((value, aux), gradient)`;
    `aux` may be any object. Other keywords go to `jax.value_and_grad`, without `argnums`: to
    differentiate in several things, pass a tuple of them first.

    Without `fun`, a decorator. On a method, `self` is the first argument.

    Raises `ValueError` for `argnums`; `TypeError` for an unknown keyword, and, at the call, if
    the first argument is missing or given by keyword, and if `fun` does not return a scalar.
    """
    _check_options("filter_value_and_grad", gradkwargs)
    if fun is None:
        return partial(filter_value_and_grad, has_aux=has_aux, **gradkwargs)
    return module_update_wrapper(_ValueAndGrad(fun, has_aux, tuple(sorted(gradkwargs.items()))))


@overload
def filter_grad(*, has_aux: bool = False, **gradkwargs: Any) -> Callable: ...
@overload
def filter_grad(fun: Callable, *, has_aux: bool = False, **gradkwargs: Any) -> Any: ...
def filter_grad(fun: Callable | None = None, *, has_aux: bool = False, **gradkwargs: Any) -> Any:
    """`fun`, made to return its gradient in its first argument.

    As `filter_value_and_grad`, without the value; with `has_aux=True`, `(gradient, aux)`.
    """
    _check_options("filter_grad", gradkwargs)
    if fun is None:
        return partial(filter_grad, has_aux=has_aux, **gradkwargs)
    return module_update_wrapper(_Grad(fun, has_aux, tuple(sorted(gradkwargs.items()))))


def _check_options(name: str, gradkwargs: dict[str, Any]) -> None:
    if "argnums" in gradkwargs:
        raise ValueError(
            f"`{name}` got `argnums={gradkwargs['argnums']!r}`, but it always differentiates the "
            "first argument. To differentiate several, make them one argument: write "
            f"`def loss(both, ...): a, b = both` and call `{name}(loss)((a, b), ...)`."
        )
    for option in gradkwargs:
        if option not in _GRAD_OPTIONS:
            raise TypeError(
                f"`{name}` got an unexpected keyword argument `{option}`; it takes `has_aux`, and "
                f"for `jax.value_and_grad`: {', '.join(f'`{known}`' for known in _GRAD_OPTIONS)}."
            )


def _value_and_grad(
    fun: Callable,
    has_aux: bool,
    options: tuple[tuple[str, Any], ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Any, Any]:
    if not args:
        raise TypeError(_no_first_argument(fun, kwargs))
    first, *rest = args
    # Flattened once, here; inside, only put together again. Partitioning and combining would
    # walk the tree six times.
    leaves, treedef = jax.tree_util.tree_flatten(first)
    places = [place for place, leaf in enumerate(leaves) if is_inexact_array(leaf)]
    # Without any, the gradient is `None` all over. That is what Equinox gives, and a part of a
    # model may well be frozen; nothing can tell this from a mistake.

    def of_arrays(arrays: list[Any]) -> tuple[Any, Any]:
        inner = leaves.copy()
        for place, array in zip(places, arrays, strict=True):
            inner[place] = array
        with telling_place:
            out = fun(treedef.unflatten(inner), *rest, **kwargs)
        if not has_aux:
            _check_scalar(fun, out)
            return out, None
        if not (isinstance(out, tuple) and len(out) == 2):
            raise TypeError(
                f"`{function_name(fun)}` returned {_describe(out)}; with `has_aux=True` it is "
                "expected to return a pair, `(value, aux)`. Return one, or leave `has_aux` out."
            )
        _check_scalar(fun, out[0])
        return out

    of_arrays.__name__ = of_arrays.__qualname__ = function_name(fun)
    differentiated = jax.value_and_grad(of_arrays, has_aux=True, **dict(options))
    (value, aux), grads = differentiated([leaves[place] for place in places])
    grad_leaves: list[Any] = [None] * len(leaves)
    for place, grad in zip(places, grads, strict=True):
        grad_leaves[place] = grad
    return ((value, aux) if has_aux else value), treedef.unflatten(grad_leaves)


def _check_scalar(fun: Callable, value: Any) -> None:
    shape = getattr(value, "shape", ())
    if shape == () and not isinstance(value, (tuple, list, dict)):
        # Integers and objects that are no arrays: JAX says well what is wrong with those.
        return
    if isinstance(value, tuple):
        advice = "If the rest is not to be differentiated, pass `has_aux=True`"
    else:
        advice = "Reduce it, as in `jnp.mean(...)`, or use `eqx.filter_jacrev`"
    raise TypeError(
        f"`{function_name(fun)}` returned {_describe(value)}; a gradient is defined only for "
        f"functions with scalar output, one floating-point number. {advice}."
    )


def _no_first_argument(fun: Callable, kwargs: dict[str, Any]) -> str:
    if not kwargs:
        return (
            f"Functions wrapped with `filter_grad` and `filter_value_and_grad` must have at least "
            f"one positional argument, the one to differentiate; `{function_name(fun)}` was called "
            "without any."
        )
    name = next(iter(kwargs))
    return (
        f"Functions wrapped with `filter_grad` and `filter_value_and_grad` must have their first "
        f"argument passed by position, for it is the one to differentiate; `{function_name(fun)}` "
        f"was called with keywords only. Write `f({name}_, ...)` in place of "
        f"`f({name}={name}_, ...)`."
    )


def _describe(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}[{','.join(map(str, value.shape))}]"
    if isinstance(value, (bool, int, float, complex)):
        return f"{value!r}, a Python {type(value).__name__}"
    return f"an object of type {type(value).__name__}"
