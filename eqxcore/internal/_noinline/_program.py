"""What a `noinline` call calls: arguments, results, and the transformations to apply."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
from jax.core import ShapedArray

from eqxcore._predicates import is_array
from eqxcore.internal._hashable_split import (
    StaticKey,
    hashable_combine,
    hashable_partition,
)

from ._functions import function_with
from ._transforms import FlatFn, Transform


@dataclasses.dataclass(frozen=True)
class Program:
    """A function of arrays, but for the number of the function that it calls."""

    arguments: StaticKey
    """(function's arrays, args, kwargs), without arrays."""
    dynamic: tuple[bool, ...]
    """Which leaves of those are the arrays."""
    result: StaticKey
    """The result that the function is expected to have, without arrays."""
    avals: tuple[ShapedArray, ...]
    """The arrays in it."""
    transforms: tuple[Transform, ...] = ()
    """What was applied to the function, innermost first."""
    outputs: tuple[ShapedArray, ...] = ()
    """The arrays returned when all that has been applied."""

    def transformed(self, transform: Transform, outputs: Sequence[ShapedArray]) -> "Program":
        """This, under one more transformation, after which it returns `outputs`."""
        return dataclasses.replace(
            self, transforms=(*self.transforms, transform), outputs=tuple(outputs)
        )

    def without_last(self) -> "Program":
        """This, without the transformation that was applied last. Its outputs are still that's."""
        return dataclasses.replace(self, transforms=self.transforms[:-1])

    def function(self, number: int) -> FlatFn:
        """What is to be called, from arrays to a list of arrays."""
        fn: FlatFn = self._flat(function_with(number))
        for transform in self.transforms:
            fn = transform.apply(fn)
        return fn

    def _flat(self, static_fn: StaticKey) -> FlatFn:
        def flat(*arrays: Any) -> list[Any]:
            # `jax.grad(f)(2.0)` brings a number that only poses as an array.
            rest = (x if is_array(x) else jnp.asarray(x, jax.typeof(x).dtype) for x in arrays)
            leaves = [next(rest) if is_dynamic else None for is_dynamic in self.dynamic]
            fn_leaves, args, kwargs = hashable_combine(leaves, self.arguments.static)
            fn = hashable_combine(fn_leaves, static_fn.static)
            result = fn(*args, **kwargs)
            return self._checked(fn, result)

        return flat

    def _checked(self, fn: Any, result: Any) -> list[Any]:
        dynamic, static = hashable_partition(result, is_array)
        arrays = [leaf for leaf in dynamic if leaf is not None]
        found = [(jax.typeof(x).shape, jax.typeof(x).dtype) for x in arrays]
        if StaticKey(static) != self.result or found != [(a.shape, a.dtype) for a in self.avals]:
            shown = jtu.tree_map(lambda x: jax.typeof(x) if is_array(x) else x, result)
            statics, treedef = self.result.static
            rest = iter(self.avals)
            # A `None` in the leaves is where an array was: real ones are in the structure.
            expected = treedef.unflatten([next(rest) if s is None else s for s in statics])
            raise ValueError(
                f"`noinline({getattr(fn, '__name__', fn)})` returned {shown}. Expected "
                f"{expected}: that is what its `abstract_fn` returned for the same arguments. "
                "Correct one of the two, or leave `abstract_fn` out."
            )
        return arrays
