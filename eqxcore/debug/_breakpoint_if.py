"""A debugger that opens when something is true."""

from typing import Any

from jaxtyping import ArrayLike, Bool

from eqxcore._runtime_errors import open_breakpoint_if


def breakpoint_if(pred: Bool[ArrayLike, "..."], **kwargs: Any) -> None:
    """Opens `jax.debug.breakpoint` when any element of `pred` is true, in a compiled program, too.

    Under `vmap`, one true element is enough, and it opens for each element, one after another.
    `**kwargs` are those of `jax.debug.breakpoint`.
    """
    open_breakpoint_if(pred, **kwargs)
