"""A debugger in the middle of a compiled program, where the user wrote it."""

from typing import Any

import jax
from jaxtyping import Array, ArrayLike, Bool

from eqxcore import _jax_internals as internals
from eqxcore._unvmap import unvmap_any

from ._call_site import EQXCORE, count_own_frames


def open_breakpoint_if(pred: Bool[ArrayLike, "..."], **kwargs: Any) -> Bool[Array, ""]:
    """Opens JAX's debugger if any element of `pred` is true, over the whole batch of a `vmap`.

    Gives whether it did: what uses the result comes after the debugger is left. `**kwargs` are
    those of `jax.debug.breakpoint`. Under `vmap` it opens once for each element, one after
    another, since it shows one element's values.
    """
    opened = unvmap_any(pred)

    def stop(opened: Bool[Array, ""]) -> Bool[Array, ""]:
        frames = kwargs.get("num_frames")
        if frames is not None and not _is_hidden:
            # JAX counts our frames, too, and they come first.
            jax.debug.breakpoint(**{**kwargs, "num_frames": frames + count_own_frames()})
        else:
            jax.debug.breakpoint(**kwargs)
        return opened

    return jax.lax.cond(opened, stop, lambda opened: opened, opened)


_is_hidden = internals.hide_from_debugger(EQXCORE)
