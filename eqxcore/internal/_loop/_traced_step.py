"""One step of a loop, traced once: a function of arrays, and what it closes over as arguments."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import jax
from jax.extend.core import jaxpr_as_fun
from jaxtyping import Array

from eqxcore._jax_internals import ClosedJaxpr

from ._carry import Parts
from ._masks import fill, pick
from ._weak_types import is_weak, promote, strong


class StepOutput(NamedTuple):
    """What one step gives."""

    arrays: list[Any]
    buffers: list[Any]
    ys: list[Any]
    """Of a scan: what is stacked."""


StepFunction = Callable[[Parts, list[Any]], StepOutput]


class TracedStep:
    """A step as a jaxpr, so that no Python of the user runs again, however often it is evaluated.

    Arrays that no step changes are among what is closed over: they need not be carried along.
    """

    def __init__(
        self, jaxpr: ClosedJaxpr, num_arrays: int, num_buffers: int, arrays: Sequence[Array]
    ) -> None:
        self._jaxpr = jaxpr.jaxpr
        self._num_buffers = num_buffers
        self._changes = [
            new is not old
            for new, old in zip(
                jaxpr.jaxpr.outvars[:num_arrays], jaxpr.jaxpr.invars[:num_arrays], strict=True
            )
        ]
        self._num_closed_over = len(jaxpr.consts)
        self._fixed = pick([not changes for changes in self._changes], arrays)
        self.consts: list[Any] = [*jaxpr.consts, *self._fixed]
        """What the functions close over, tracers of enclosing transformations among it."""
        self.arrays: list[Any] = pick(self._changes, arrays)
        """The initial arrays, of the types that they have in every step."""
        self.ys: list[Any] = list(jaxpr.out_avals[num_arrays + num_buffers :])
        """Shapes and dtypes of the outputs of a scan's step."""

    def __call__(
        self,
        consts: Sequence[Any],
        arrays: Sequence[Any],
        buffers: Sequence[Any],
        xs: Sequence[Any],
    ) -> StepOutput:
        """The step on these values."""
        closed_over, fixed = consts[: self._num_closed_over], consts[self._num_closed_over :]
        fun = jaxpr_as_fun(ClosedJaxpr(self._jaxpr, list(closed_over)))
        out = list(fun(*self._complete(arrays, fixed), *buffers, *xs))
        a = len(self._changes)
        b = a + self._num_buffers
        return StepOutput(pick(self._changes, out[:a]), out[a:b], out[b:])

    def all_arrays(self, arrays: Sequence[Any]) -> list[Any]:
        """The arrays of the carry, those that no step changes included."""
        return self._complete(arrays, self._fixed)

    def _complete(self, arrays: Sequence[Any], fixed: Sequence[Any]) -> list[Any]:
        rest = iter(fixed)
        return fill(self._changes, arrays, [None if c else next(rest) for c in self._changes])


def trace_step(
    step: StepFunction, arrays: Sequence[Array], buffers: Sequence[Array], xs: Sequence[Any]
) -> TracedStep:
    """The step, traced at these initial arrays, and at elements of a scan like `xs`.

    Initial arrays that are weakly typed are promoted where the step returns another type.
    """
    arrays = list(arrays)
    num_arrays, num_buffers = len(arrays), len(buffers)

    def flat(*leaves: Any) -> list[Any]:
        before = leaves[:num_arrays]
        rest = leaves[num_arrays:]
        parts = Parts(list(before), list(rest[:num_buffers]))
        out = step(parts, list(rest[num_buffers:]))
        after = [
            new if is_weak(old) else strong(new)
            for old, new in zip(before, out.arrays, strict=True)
        ]
        return [*after, *out.buffers, *out.ys]

    while True:
        jaxpr = jax.make_jaxpr(flat)(*arrays, *buffers, *xs)
        results = cast(Sequence[Any], jaxpr.out_avals)
        changed = False
        for place, (old, new) in enumerate(zip(arrays, results, strict=False)):
            if is_weak(old) and not (is_weak(new) and old.dtype == new.dtype):
                # At most twice for an array: to a wider weak type, then to one that is not weak.
                arrays[place] = promote(old, new)
                changed = True
        if not changed:
            return TracedStep(jaxpr, num_arrays, num_buffers, arrays)
