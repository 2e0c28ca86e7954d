"""A loop with a gradient: keeps some of its states, and computes the others again from those."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax import lax
from jaxtyping import Array, Bool, Int

from eqxcore._unvmap import unvmap_any

from ._carry import Parts
from ._keeping import Kept, State, keep_all, keep_known, keep_online
from ._reach import is_inexact
from ._reversal import Plan, reverse
from ._traced_step import TracedStep
from ._values import Values, element


class _Residuals(NamedTuple):
    """What the gradient needs of the loop."""

    plan: Plan
    values: Values
    """Without the arrays; and with the final buffers, where they are read."""
    num_steps: Int[Array, ""]
    kept: Kept


@dataclass(frozen=True, eq=False)
class CheckpointedLoop:
    """A loop, less its values."""

    step: TracedStep
    checkpoints: int
    """How many states are kept at a time."""
    max_steps: int | None
    is_scan: bool
    """Whether there are exactly `max_steps` steps; else the first array says whether to go on."""
    reads: Sequence[bool]
    """Which buffers a step reads."""

    def __call__(self, values: Values) -> Parts:
        """The final state of the loop, with a gradient."""

        @jax.custom_vjp
        def run(values: Values) -> Parts:
            def body(carry: Any) -> Any:
                i, state = carry
                return i + 1, self._step(values, i, state)

            start = (jnp.zeros((), jnp.int32), (values.arrays, values.buffers))
            _, state = lax.while_loop(lambda carry: self._goes_on(*carry), body, start)
            return Parts(*state)

        run.defvjp(self._forward, self._backward, symbolic_zeros=True)
        return run(values)

    def _step(self, values: Values, i: Int[Array, ""], state: State) -> State:
        xs = [element(x, i) for x in values.xs]
        out = self.step(values.consts, state[0], state[1], xs)
        return out.arrays, out.buffers

    def _goes_on(self, i: Int[Array, ""], state: State) -> Bool[Array, ""]:
        if self.is_scan:
            assert self.max_steps is not None
            return i < self.max_steps
        pred = unvmap_any(state[0][0])
        return pred if self.max_steps is None else pred & (i < self.max_steps)

    @property
    def _keeps_all(self) -> bool:
        return self.max_steps is not None and self.max_steps <= self.checkpoints

    def _forward(self, primals: Any) -> tuple[Parts, _Residuals]:
        is_primal = lambda x: hasattr(x, "perturbed")  # noqa: E731
        leaves, treedef = jtu.tree_flatten(primals, is_leaf=is_primal)
        values: Values = treedef.unflatten([p.value for p in leaves])
        perturbed = [bool(p.perturbed) and is_inexact(p.value) for p in leaves]
        plan = Plan.of(self.step, values, perturbed)

        def step(i: Any, state: State) -> State:
            return self._step(values, i, state)

        start = (values.arrays, values.buffers)
        if self._keeps_all:
            num_steps, state, kept = keep_all(step, start, self._goes_on, self.max_steps or 0)
        elif self.is_scan:
            assert self.max_steps is not None
            num_steps = jnp.asarray(self.max_steps, jnp.int32)
            state, kept = keep_known(step, start, self.max_steps, self.checkpoints)
        else:
            num_steps, state, kept = keep_online(step, start, self._goes_on, self.checkpoints)
        arrays, buffers = state
        final = [x if is_read else None for x, is_read in zip(buffers, self.reads, strict=True)]
        saved = Values(values.consts, [], final, values.xs)
        return Parts(arrays, buffers), _Residuals(plan, saved, num_steps, kept)

    def _backward(self, residuals: _Residuals, cts: Parts) -> tuple[Values]:
        plan, values, num_steps, kept = residuals
        return (reverse(self.step, plan, values, num_steps, kept, cts),)
