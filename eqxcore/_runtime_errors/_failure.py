"""What a failed check says, and how it is found again in the error that XLA makes of it.

A check fails in a callback on the host, from which an exception comes out as text within the text
of a `JaxRuntimeError`. The texts of late are kept, so that one of ours is known when it is met.
"""

import collections
from typing import NamedTuple

import jax
import numpy as np

from ._call_site import CallSite
from ._exceptions import EquinoxRuntimeError
from ._on_error import ADVICE

# More than there are programs running at once.
_KEPT = 64

_failed: collections.deque[str] = collections.deque(maxlen=_KEPT)

_ABOVE = "Above is the stack outside of JIT. This is the stack inside, as the program was traced:"

_WITHOUT_FILTER_JIT = (
    "With `eqxcore.filter_jit` in place of `jax.jit`, this error comes without the text of XLA's "
    "above it."
)


class Check(NamedTuple):
    """What is known of a check when it is traced."""

    messages: tuple[str, ...]
    site: CallSite
    pred_ndim: int
    """Dimensions of `pred` as it was written, without those that `vmap` adds in front."""
    index_ndim: int | None
    """The same for `index`. `None` if there is none, since there is but one message."""


def failure_text(
    check: Check, pred: np.ndarray, index: np.ndarray | None, *, is_compiled: bool
) -> str:
    """What a check says that failed."""
    message = message_of(check, pred, index)
    where = f"The check is at {check.site.name}.{_how_many(check, pred)}"
    stack = (_ABOVE, check.site.stack(), "") if is_compiled else ()
    return "\n".join((message, "", *stack, where, ADVICE))


def failure_within(text: str) -> EquinoxRuntimeError:
    """The error to raise within a program, from which `failure_in` finds `text` again."""
    _failed.append(text)
    return EquinoxRuntimeError(f"{text}\n{_WITHOUT_FILTER_JIT}")


PROGRAM_ERRORS: tuple[type[Exception], ...] = (jax.errors.JaxRuntimeError, ValueError)
"""What comes out of a program in which a callback failed. `ValueError` where C++ ran it."""


def failure_in(error: Exception) -> EquinoxRuntimeError | None:
    """The error that one of `PROGRAM_ERRORS` was made of, if it comes from a check."""
    whole = str(error)
    for text in reversed(tuple(_failed)):
        if text in whole:
            return EquinoxRuntimeError(text)
    return None


def message_of(check: Check, pred: np.ndarray, index: np.ndarray | None) -> str:
    """Which of its messages a failed check says."""
    if index is None:
        return check.messages[0]
    assert check.index_ndim is not None
    chosen = int(_indices_of_failures(check, pred, index).max())
    count = len(check.messages)
    if not -count <= chosen < count:
        return (
            f"A check failed, and its `index`, {chosen}, names none of its {count} messages: "
            f"{list(check.messages)}. Expected at least 0 and less than {count}."
        )
    return check.messages[chosen]


def _indices_of_failures(check: Check, pred: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The elements of `index` that belong to a true element of `pred`."""
    if pred.shape == index.shape:
        return index[pred]
    # All of one element of the batch belongs together.
    batch = pred.ndim - check.pred_ndim
    failed = pred.any(axis=tuple(range(batch, pred.ndim)))
    return index[failed]


def _how_many(check: Check, pred: np.ndarray) -> str:
    if pred.ndim == 0:
        return ""
    first = ", ".join(str(int(i)) for i in np.argwhere(pred)[0])
    batch = ", batch included" if pred.ndim > check.pred_ndim else ""
    return (
        f" It failed for {int(pred.sum())} of {pred.size} elements{batch}; the first is [{first}]."
    )
