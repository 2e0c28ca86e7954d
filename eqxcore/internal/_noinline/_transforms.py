"""What transformations do to a function of arrays: each makes another such function of it.

They compare by value, so that two equal calls share a compiled program.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
from jax.core import ShapedArray

FlatFn = Callable[..., list[Any]]
"""From arrays to a list of arrays."""


class Transform(Protocol):
    """Makes another function of a function."""

    def apply(self, fn: FlatFn) -> FlatFn: ...


@dataclasses.dataclass(frozen=True)
class Tangent:
    """The tangents of a function's results.

    Takes its arguments, then the tangents of the perturbed ones. Returns the tangents of those
    results that can have one.
    """

    perturbed: tuple[bool, ...]
    differentiable: tuple[bool, ...]

    def apply(self, fn: FlatFn) -> FlatFn:
        def tangents(*arrays: Any) -> list[Any]:
            primals, given = _cut(arrays, len(self.perturbed))
            _, found = jax.jvp(self.of_perturbed(fn, primals), pick(primals, self.perturbed), given)
            return found

        return tangents

    def of_perturbed(self, fn: FlatFn, primals: Sequence[Any]) -> FlatFn:
        """`fn`, of the perturbed arguments only, without results that have no tangent."""

        def of_some(*some: Any) -> list[Any]:
            rest = iter(some)
            filled = [next(rest) if p else x for p, x in zip(self.perturbed, primals, strict=True)]
            return list(pick(fn(*filled), self.differentiable))

        return of_some


@dataclasses.dataclass(frozen=True)
class PullBack:
    """`Tangent` transposed: the cotangents of the perturbed arguments.

    Takes the arguments, then the cotangents of the results that have one. In contrast to
    `Transpose` this goes through functions that bring their own derivative.
    """

    tangent: Tangent
    nonzero: tuple[bool, ...]
    results: tuple[ShapedArray, ...]

    def apply(self, fn: FlatFn) -> FlatFn:
        def pulled_back(*arrays: Any) -> list[Any]:
            primals, given = _cut(arrays, len(self.tangent.perturbed))
            some = pick(primals, self.tangent.perturbed)
            _, pull_back = jax.vjp(self.tangent.of_perturbed(fn, primals), *some)
            return list(pull_back(_fill(given, self.nonzero, self.results)))

        return pulled_back


@dataclasses.dataclass(frozen=True)
class Transpose:
    """A function that is linear in some of its arguments, transposed in those.

    Takes the other arguments, then the cotangents of the results that have one.
    """

    linear: tuple[ShapedArray | None, ...]
    """What it is linear in, and `None` for all others."""
    nonzero: tuple[bool, ...]
    results: tuple[ShapedArray, ...]

    def apply(self, fn: FlatFn) -> FlatFn:
        def transposed(*arrays: Any) -> list[Any]:
            known, given = _cut(arrays, sum(aval is None for aval in self.linear))

            def of_linear(*some: Any) -> list[Any]:
                rest, rest_known = iter(some), iter(known)
                return fn(*[next(rest_known if a is None else rest) for a in self.linear])

            structs = [
                jax.ShapeDtypeStruct(aval.shape, aval.dtype)
                for aval in self.linear
                if aval is not None
            ]
            cts = _fill(given, self.nonzero, self.results)
            return list(jax.linear_transpose(of_linear, *structs)(cts))

        return transposed


@dataclasses.dataclass(frozen=True)
class Batch:
    """A function under `jax.vmap`. All results have the mapped axis first."""

    axes: tuple[int | None, ...]
    size: int

    def apply(self, fn: FlatFn) -> FlatFn:
        return jax.vmap(fn, in_axes=self.axes, out_axes=0, axis_size=self.size)


def pick(things: Iterable[Any], mask: Iterable[bool]) -> tuple[Any, ...]:
    """The things at which the mask is true."""
    return tuple(thing for thing, keep in zip(things, mask, strict=True) if keep)


def _cut(arrays: tuple[Any, ...], count: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    return arrays[:count], arrays[count:]


def _fill(
    given: Iterable[Any], nonzero: Iterable[bool], results: Iterable[ShapedArray]
) -> list[Any]:
    rest = iter(given)
    return [
        next(rest) if keep else jnp.zeros(result.shape, result.dtype)
        for keep, result in zip(nonzero, results, strict=True)
    ]
