"""The Hessian of a function in the floating-point arrays of its first argument."""

from collections.abc import Callable
from typing import Any

from ._jacobian import filter_jacfwd, filter_jacrev


def filter_hessian(fun: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
    """`fun`, made to return its Hessian in its first argument: the Jacobian of its Jacobian.

    At each leaf of the output, of shape `(*out)`, stands a pytree like the argument, and at each
    of its arrays another one, of arrays of shape `(*out, *in, *in)`; `None` stands for what is
    no floating-point array. Everything else is as for `filter_jacfwd`.
    """
    # Few numbers go in and many come out of a gradient, so the outer mode is forward.
    return filter_jacfwd(filter_jacrev(fun, has_aux), has_aux)
