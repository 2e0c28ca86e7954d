"""A loop without a gradient: `jax.lax.while_loop`, and a limit to its steps."""

from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool

from eqxcore._unvmap import unvmap_any

from ._carry import Parts
from ._traced_step import TracedStep
from ._values import Values


def lax_loop(step: TracedStep, values: Values, max_steps: int | None) -> Parts:
    """The final arrays and buffers; the first array says whether to go on."""

    def goes_on(state: Any) -> Bool[Array, ""]:
        i, arrays, _ = state
        pred = unvmap_any(arrays[0])
        return pred if i is None else pred & (i < max_steps)

    def body(state: Any) -> Any:
        i, arrays, buffers = state
        out = step(values.consts, arrays, buffers, [])
        return None if i is None else i + 1, out.arrays, out.buffers

    i = None if max_steps is None else jnp.zeros((), jnp.int32)
    _, arrays, buffers = lax.while_loop(goes_on, body, (i, values.arrays, values.buffers))
    return Parts(arrays, buffers)
