"""`scan_trick`: one function called several times, compiled once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import lax

_X = TypeVar("_X")


def scan_trick(fn: Callable[[_X], _X], intermediates: Sequence[Callable[[_X], _X]], init: _X) -> _X:
    """`fn`, and between its calls each of `intermediates` in turn.

    For two intermediates, `fn(second(fn(first(fn(init)))))`: the value, and the derivatives. As
    `fn` stands in the program only once, in a scan, it is traced and compiled once, which counts
    if it is large. All values are pytrees of arrays, of one structure, shapes and dtypes.
    """
    init = jax.tree_util.tree_map(jnp.asarray, init)

    def identity(x: _X) -> _X:
        return x

    def step(x: _X, i: Any) -> tuple[_X, None]:
        x = fn(x)
        if intermediates:
            x = lax.switch(i, [*intermediates, identity], x)
        return x, None

    # The scan's own counter: never batched, so that the switch stays one.
    return lax.scan(step, init, jnp.arange(len(intermediates) + 1))[0]
