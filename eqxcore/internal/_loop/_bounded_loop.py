"""A loop with every derivative: scans nested so deep that all of them together reach the limit."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from eqxcore._unvmap import unvmap_any

from ._carry import Parts
from ._traced_step import TracedStep
from ._values import Values

_State = tuple[Any, list[Any], list[Any]]


def bounded_loop(step: TracedStep, values: Values, max_steps: int, base: int) -> Parts:
    """The final arrays and buffers; the first array says whether to go on.

    A scan of `base` turns, each of which is a scan of `base` turns, and so on down to the step.
    A turn that has nothing to do is skipped. Only the states before each turn of the scans that
    are under way are held for the gradient.
    """
    depth = 0
    while base**depth < max_steps:
        depth += 1
    # Without a remainder, the scans end the loop; else it has to count.
    counts = base**depth != max_steps

    def goes_on(state: _State) -> Any:
        i, arrays, _ = state
        pred = unvmap_any(arrays[0])
        return pred & (i < max_steps) if counts else pred

    def one_step(state: _State) -> _State:
        i, arrays, buffers = state
        out = step(values.consts, arrays, buffers, [])
        return i + 1 if counts else i, out.arrays, out.buffers

    def nest(turn: Callable[[_State], _State]) -> Callable[[_State], _State]:
        # The checkpoint is around the condition: what is held by a branch of a condition is held
        # anew for every turn, even if no turn changes it.
        @functools.partial(jax.checkpoint, prevent_cse=False)
        def turn_if_any(state: _State) -> _State:
            return lax.cond(goes_on(state), turn, lambda state: state, state)

        def turns(state: _State) -> _State:
            return lax.scan(lambda state, _: (turn_if_any(state), None), state, length=base)[0]

        return turns

    loop = one_step
    for _ in range(depth):
        loop = nest(loop)
    state = (jnp.zeros((), jnp.int32), values.arrays, values.buffers)
    if depth == 0:
        state = lax.cond(goes_on(state), loop, lambda state: state, state)
    else:
        state = loop(state)
    return Parts(state[1], state[2])
