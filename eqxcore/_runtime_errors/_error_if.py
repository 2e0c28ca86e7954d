"""`error_if`: an error that depends on values, in a compiled program, too."""

from collections.abc import Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Int

from eqxcore._predicates import is_array
from eqxcore._unvmap import unvmap_any, unvmap_max

from ._breakpoint import open_breakpoint_if
from ._call_site import call_site
from ._check import check_arrays, largest_index
from ._exceptions import EquinoxTracetimeError
from ._failure import Check, message_of
from ._on_error import ADVICE, BREAKPOINT_FRAMES, FRAMES_ADVICE, OnError, action_for
from ._poison import poison_if_p

_T = TypeVar("_T")


def error_if(x: _T, pred: Bool[ArrayLike, "..."], msg: str, *, on_error: OnError = "default") -> _T:
    """`x`, unchanged, once no element of `pred` is true; else an error that says `msg`.

    The check happens after `x` is computed and before the result is used: **use the result**, or
    there is no check.

        x = error_if(x, x < 0, "x must not be negative")

    In a compiled program the error comes when that program runs: as `EquinoxRuntimeError` from
    the call of a `filter_jit`, which then waits for its result, and within a `JaxRuntimeError`
    from `jax.jit`. Under `vmap`, one true element fails the whole batch. The derivative is that
    of the identity.

    `on_error` says what else a failed check does: `"breakpoint"` opens a debugger, and then goes
    on with NaN; `"nan"` goes on with NaN, in the failing elements of a batch; `"off"` leaves the
    check out. `"default"` is what the environment variable `EQX_ON_ERROR` said when eqxcore was
    imported, or else `"raise"`.

    Raises `EquinoxTracetimeError` at once when `pred` is `True` itself and no array, and
    `ValueError` when there is no array in `x`, since the check hangs on the arrays.
    """
    return branched_error_if(x, pred, 0, [msg], on_error=on_error)


def branched_error_if(
    x: _T,
    pred: Bool[ArrayLike, "..."],
    index: Int[ArrayLike, "..."],
    msgs: Sequence[str],
    *,
    on_error: OnError = "default",
) -> _T:
    """`x`, unchanged, as from `error_if`; a failed check says `msgs[index]`.

    Where several elements failed, under `vmap` or in arrays, it is the largest `index` among
    them. An `index` of the shape of `pred` is matched with it element by element.

    Raises what `error_if` does, `IndexError` for an `index` that is known and out of range, and
    `TypeError` for one that is not of integers.
    """
    action = action_for(on_error)
    messages = tuple(map(str, msgs))
    _check_index(index, messages)
    if action == "off" or _is_known_false(pred):
        return x
    if action == "raise" and _is_known_true(pred) and isinstance(index, int):
        raise EquinoxTracetimeError(
            f"{messages[index]}\n\nThe check is at {call_site().name}. It failed while the "
            f"program was traced, since its condition is {pred!r} itself and no array.\n{ADVICE}"
        )
    leaves, treedef = jtu.tree_flatten(x)
    places = [place for place, leaf in enumerate(leaves) if is_array(leaf)]
    if not places:
        raise ValueError(
            f"`error_if` got an `x` of type {type(x).__name__} without arrays. Expected at least "
            f"one: the check happens when an array of `x` is computed. Hand it the array that the "
            f"rest of the program uses: `y = error_if(y, pred, msg)`."
        )
    condition = jnp.asarray(pred)
    if condition.dtype != jnp.bool_:
        condition = condition != 0
    arrays = [jnp.asarray(leaves[place]) for place in places]
    which = None if len(messages) == 1 else jnp.asarray(index)
    check = Check(messages, call_site(), condition.ndim, None if which is None else which.ndim)
    if action == "raise":
        arrays = check_arrays(check, condition, which, arrays)
    else:
        if action == "breakpoint":
            condition &= _open_breakpoint(check, condition, which)
        bad = jnp.any(condition)
        arrays = [poison_if_p.bind(bad, array) for array in arrays]
    for place, array in zip(places, arrays, strict=True):
        leaves[place] = array
    return jtu.tree_unflatten(treedef, leaves)


def _open_breakpoint(
    check: Check, pred: Bool[Array, "..."], index: Int[Array, "..."] | None
) -> Bool[Array, ""]:
    """Opens a debugger if the check fails, once it has said why. Gives whether it did."""

    def tell(*chosen: Any) -> np.ndarray:
        one = check._replace(pred_ndim=0, index_ndim=0 if chosen else None)
        message = message_of(one, np.array(True), np.asarray(chosen[0]) if chosen else None)
        print(f"{message}\n\nThe check is at {check.site.name}.\n{FRAMES_ADVICE}")
        return np.array(True)

    # The debugger depends on what this gives, and so opens later.
    chosen = () if index is None else (unvmap_max(largest_index(check, pred, index)),)
    told = jax.lax.cond(
        unvmap_any(pred),
        lambda: jax.pure_callback(tell, jax.ShapeDtypeStruct((), jnp.bool_), *chosen),
        lambda: jnp.array(False),
    )
    return open_breakpoint_if(told, num_frames=BREAKPOINT_FRAMES)


def _check_index(index: Any, messages: tuple[str, ...]) -> None:
    if not messages:
        raise ValueError("`branched_error_if` got no messages. Expected at least one in `msgs`.")
    if not jnp.issubdtype(jnp.result_type(index), jnp.integer):
        raise TypeError(
            f"`branched_error_if` got an `index` of {jnp.result_type(index)}. Expected integers, "
            f"which number the messages: `index.astype(jnp.int32)`."
        )
    count = len(messages)
    if not is_array(index) and not -count <= int(index) < count:
        raise IndexError(
            f"`branched_error_if` got the `index` {index}. Expected at least 0 and less than "
            f"{count}, the number of messages: {list(messages)}."
        )


def _is_known_true(pred: Any) -> bool:
    return isinstance(pred, (bool, int, float, complex)) and bool(pred)


def _is_known_false(pred: Any) -> bool:
    """Whether `pred` is false for a reason that tracing knows: then there is nothing to check."""
    if isinstance(pred, (np.ndarray, np.generic)):
        return not pred.any()
    return isinstance(pred, (bool, int, float, complex)) and not pred
