"""A `jax.lax.scan`, or two of them nested, whose gradients hold only the carries of their steps."""

import functools
import math
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import lax

from ._carry import Parts
from ._traced_step import TracedStep
from ._values import Values

# The carry, and the stacked outputs.
_Scan = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


def scan_sizes(num_steps: int, checkpoints: int | Literal["all"] | None) -> tuple[int, ...] | None:
    """Steps of the outer and of the inner scan, whose carries are at most `checkpoints` together.

    One number for a single scan; `None` if there are not enough checkpoints for two.
    """
    if checkpoints == "all" or (checkpoints is not None and checkpoints >= num_steps):
        return (num_steps,)
    inner = max(1, math.isqrt(num_steps))
    outer = num_steps // inner
    # The remaining steps are fewer than the inner ones, and are done by themselves.
    if checkpoints is not None and outer + inner + 1 > checkpoints:
        return None
    return (outer, inner)


def nested_scan(
    step: TracedStep, values: Values, num_steps: int, sizes: tuple[int, ...] | None
) -> tuple[Parts, list[Any]]:
    """The final arrays and buffers, and the stacked outputs.

    `sizes` is of `scan_sizes`; `None` is a scan whose gradient holds all that it needs.
    """

    def turn(state: Any, x: list[Any]) -> tuple[Any, list[Any]]:
        out = step(values.consts, state[0], state[1], x)
        return (out.arrays, out.buffers), out.ys

    start = (values.arrays, values.buffers)
    if sizes is None:
        state, ys = lax.scan(turn, start, values.xs, length=num_steps)
        return Parts(*state), ys
    # What is in a scan cannot be shared with what is outside, so JAX need not be kept from it.
    hold_carry = functools.partial(jax.checkpoint, prevent_cse=False)
    one_scan = functools.partial(lax.scan, hold_carry(turn))
    if len(sizes) == 1:
        state, ys = one_scan(start, values.xs, length=num_steps)
        return Parts(*state), ys
    outer, inner = sizes

    def block(state: Any, xs: list[Any]) -> tuple[Any, list[Any]]:
        return one_scan(state, xs, length=inner)

    in_blocks = outer * inner
    blocks = [x[:in_blocks].reshape(outer, inner, *x.shape[1:]) for x in values.xs]
    state, ys = lax.scan(hold_carry(block), start, blocks, length=outer)
    ys = [y.reshape(in_blocks, *y.shape[2:]) for y in ys]
    if in_blocks < num_steps:
        rest = [x[in_blocks:] for x in values.xs]
        state, more = one_scan(state, rest, length=num_steps - in_blocks)
        ys = [jnp.concatenate(pair) for pair in zip(ys, more, strict=True)]
    return Parts(*state), ys
