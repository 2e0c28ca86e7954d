"""The Jacobian of a function in the floating-point arrays of its first argument."""

from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

from eqxcore._function_name import function_name
from eqxcore._module import Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array_like, is_inexact_array
from eqxcore._trees._mismatch import describe

# Enough to recognise the argument; a model may have thousands of leaves.
_LEAVES_NAMED = 8


class _Jacobian(Module):
    """The callable behind `filter_jacfwd` and `filter_jacrev`."""

    _fun: Callable[..., Any]
    _has_aux: bool = field(static=True)
    _is_forward: bool = field(static=True)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self._fun

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        name = "filter_jacfwd" if self._is_forward else "filter_jacrev"
        fun = self._fun
        if not args:
            raise TypeError(
                f"`{name}({function_name(fun)})` was called without a positional argument; "
                f"expected at least one, the one to differentiate. "
                "Write `f(x)` in place of `f(x=x)`."
            )
        first, *rest = args
        leaves, treedef = jtu.tree_flatten(first)
        places = [place for place, leaf in enumerate(leaves) if is_inexact_array(leaf)]
        if not places:
            raise ValueError(_nothing_to_differentiate(name, fun, first))

        def of_arrays(arrays: Any) -> Any:
            inner = leaves.copy()
            for place, array in zip(places, jtu.tree_leaves(arrays), strict=True):
                inner[place] = array
            out = fun(treedef.unflatten(inner), *rest, **kwargs)
            if self._has_aux and not (isinstance(out, tuple) and len(out) == 2):
                raise TypeError(
                    f"`{function_name(fun)}` returned {describe(out)}; with `has_aux=True` it is "
                    "expected to return a pair, `(out, aux)`. Return one, or leave `has_aux` out."
                )
            # The forward mode maps over the auxiliary output, too.
            _check_output(name, fun, out if self._is_forward or not self._has_aux else out[0])
            return out

        of_arrays.__name__ = of_arrays.__qualname__ = function_name(fun)
        arrays: list[Any] = [None] * len(leaves)
        for place in places:
            arrays[place] = leaves[place]
        jacobian = jax.jacfwd if self._is_forward else jax.jacrev
        # The tree of arrays, not a list: at each leaf of the output JAX puts one like it.
        return jacobian(of_arrays, has_aux=self._has_aux)(treedef.unflatten(arrays))

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


def filter_jacfwd(fun: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
    """`fun`, made to return its Jacobian in its first argument, by forward-mode differentiation.

    The first argument may be any pytree; the Jacobian is in its floating-point (or complex)
    arrays. At each leaf of the output, of shape `(*out)`, stands a pytree like the argument: an
    array of shape `(*out, *in)` for each array of shape `(*in)`, and `None` for every other leaf.
    Use it where the inputs are few, and `filter_jacrev` where the outputs are.

    `has_aux=True`: `fun` returns `(out, aux)`, and the result is `(jacobian, aux)`. All leaves of
    `out` and `aux` must be arrays or numbers. On a method, `self` is the first argument.

    Raises, at the call, `TypeError` for an output that is no array, and without an argument;
    `ValueError` if there is nothing to differentiate.
    """
    return module_update_wrapper(_Jacobian(fun, has_aux, True))


def filter_jacrev(fun: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
    """`fun`, made to return its Jacobian in its first argument, by reverse-mode differentiation.

    As `filter_jacfwd`, except that `aux` may be any object, and that the leaves of `out` must be
    floating-point arrays.
    """
    return module_update_wrapper(_Jacobian(fun, has_aux, False))


def _check_output(name: str, fun: Callable[..., Any], out: Any) -> None:
    for path, leaf in jtu.tree_leaves_with_path(out):
        if not is_array_like(leaf):
            raise TypeError(
                f"`{function_name(fun)}` returned {describe(leaf)} at "
                f"{jtu.keystr(path) or 'the root of its output'}, which is not a valid JAX type; "
                f"`{name}` expects arrays or numbers at all leaves. Return the rest elsewhere: "
                "`filter_jacrev(..., has_aux=True)` lets any object through as `aux`."
            )


def _nothing_to_differentiate(name: str, fun: Callable[..., Any], first: Any) -> str:
    found = jtu.tree_leaves_with_path(first)
    lines = [
        f"  {jtu.keystr(path) or 'the argument itself'}: {describe(leaf)}, of type "
        f"{type(leaf).__name__}"
        for path, leaf in found[:_LEAVES_NAMED]
    ]
    if len(found) > _LEAVES_NAMED:
        lines.append(f"  and {len(found) - _LEAVES_NAMED} more")
    return (
        f"`{name}({function_name(fun)})` has nothing to differentiate: expected at least one "
        "floating-point array among the leaves of the first argument, but found\n"
        + ("\n".join(lines) or "  no leaves at all")
        + "\nOnly arrays are differentiated: make a Python number one with `jnp.asarray(1.0)`, an "
        "integer array with `.astype(jnp.float32)`; or pass first what is to be differentiated."
    )
