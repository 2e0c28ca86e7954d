"""`assert_dce`: shows that something is never computed."""

from typing import Literal

import jax.numpy as jnp
import jax.tree_util as jtu
from jax.core import Tracer

from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._runtime_errors import error_if


def assert_dce(
    x: PyTree,
    msg: str,
    *,
    on_error: Literal["default", "raise", "breakpoint", "off", "nan"] = "default",
) -> PyTree:
    """`x`, of which the compiled program is expected to make no use.

    If the compiler does not eliminate it as dead code, an error with the text `msg` is raised when
    the program runs, as by `error_if`. Outside of `jax.jit` there is no such elimination, and
    nothing is raised.
    """
    # Computed from a constant, but by an operation: a program that is being traced does not know
    # that it is true, so that it is not found out too early.
    is_used = jnp.logical_not(jnp.zeros((), bool))
    if not isinstance(is_used, Tracer):
        return x
    if not any(map(is_array, jtu.tree_leaves(x))):
        return x
    return error_if(x, is_used, msg, on_error=on_error)
