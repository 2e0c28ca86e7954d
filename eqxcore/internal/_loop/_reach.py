"""Which arrays of a loop's carry take part in its derivative, found by differentiating one step.

JAX knows a tangent or cotangent that is zero throughout. A loop has to say before its first step
which of its carry have one that is not: those that some step makes so, too. What has none costs
nothing in the gradient, and what must not be differentiated is not.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.interpreters import ad, batching, mlir

from eqxcore._jax_internals import Primitive

from ._masks import fill, pick

Function = Callable[[list[Any]], list[Any]]


class _Seen:
    """The places at which a derivative was seen to arrive."""

    def __init__(self) -> None:
        self.places: set[int] = set()


# The identity, which notes in `seen` that a tangent arrived; or a cotangent, transposed.
_watch_p: Primitive = Primitive("watch_derivative")


def _jvp(primals: Any, tangents: Any, *, seen: _Seen, place: int, forward: bool) -> tuple[Any, Any]:
    (x,), (dot,) = primals, tangents
    if type(dot) is ad.Zero:
        return x, dot
    if forward:
        seen.places.add(place)
    return x, _watch_p.bind(dot, seen=seen, place=place, forward=forward)


def _transpose(ct: Any, x: Any, *, seen: _Seen, place: int, forward: bool) -> list[Any]:
    if type(ct) is not ad.Zero and not forward:
        seen.places.add(place)
    return [ct]


def _same_aval(x: ShapedArray, **_: Any) -> ShapedArray:
    return x


def _same(x: Any, **_: Any) -> Any:
    return x


_watch_p.def_impl(_same)
_watch_p.def_abstract_eval(_same_aval)
ad.primitive_jvps[_watch_p] = _jvp
ad.primitive_transposes[_watch_p] = _transpose
batching.primitive_batchers[_watch_p] = lambda args, dims, **params: (args[0], dims[0])
mlir.register_lowering(_watch_p, mlir.lower_fun(_same, multiple_results=False))


def _watch(values: Sequence[Any], seen: _Seen, *, forward: bool) -> list[Any]:
    return [
        _watch_p.bind(x, seen=seen, place=place, forward=forward) if is_inexact(x) else x
        for place, x in enumerate(values)
    ]


def is_inexact(x: Any) -> bool:
    """Whether `x` can have a derivative."""
    return jnp.issubdtype(jax.typeof(x).dtype, jnp.inexact)


def reached_by_tangents(
    function: Function, values: Sequence[Any], perturbed: Sequence[bool]
) -> list[bool]:
    """Which outputs have a tangent if these inputs have one."""
    seen = _Seen()

    def differentiate(values: list[Any]) -> Any:
        def of_perturbed(some: list[Any]) -> list[Any]:
            return _watch(function(fill(perturbed, some, values)), seen, forward=True)

        some = pick(perturbed, values)
        return jax.jvp(of_perturbed, (some,), ([jnp.ones_like(x) for x in some],))

    jax.eval_shape(differentiate, list(values))
    return [place in seen.places for place in range(_num_outputs(function, values))]


def reached_by_cotangents(
    function: Function,
    values: Sequence[Any],
    perturbed: Sequence[bool],
    active: Sequence[bool],
) -> list[bool]:
    """Which of the perturbed inputs get a cotangent if these outputs have one."""
    seen = _Seen()

    def differentiate(values: list[Any]) -> Any:
        def of_perturbed(some: list[Any]) -> list[Any]:
            return pick(
                active, function(fill(perturbed, _watch(some, seen, forward=False), values))
            )

        out, pull_back = jax.vjp(of_perturbed, pick(perturbed, values))
        return pull_back([jnp.ones_like(x) for x in out])

    jax.eval_shape(differentiate, list(values))
    found = iter(range(len(perturbed)))
    return [is_one and next(found) in seen.places for is_one in perturbed]


def _num_outputs(function: Function, values: Sequence[Any]) -> int:
    return len(jax.eval_shape(function, list(values)))
