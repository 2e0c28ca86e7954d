"""The call from within a running program: Python finds the function and runs its own program."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray

from ._program import Program

# As many as JAX keeps for one jitted function.
_PROGRAMS = 4096


def call_back(number: Any, *arrays: Any, program: Program) -> list[Any]:
    """`program` as an operation of the surrounding program, which does not know the function."""
    impls = tuple(_key_impl(jax.typeof(array)) for array in arrays)
    out_impls = tuple(map(_key_impl, program.outputs))
    structs = [jax.eval_shape(_to_data, _struct(aval)) for aval in program.outputs]

    def on_host(number: Any, *arrays: Any) -> list[Any]:
        compiled = _compiled(program, impls, int(number))
        return [np.asarray(out) for out in compiled(*map(np.asarray, arrays))]

    outs = jax.pure_callback(on_host, structs, number, *map(_to_data, arrays))
    return [_from_data(out, impl) for out, impl in zip(outs, out_impls, strict=True)]


@functools.lru_cache(maxsize=_PROGRAMS)
def _compiled(program: Program, impls: tuple[Any, ...], number: int) -> Callable[..., Any]:
    fn = program.function(number)

    def of_data(*arrays: Any) -> list[Any]:
        return list(map(_to_data, fn(*map(_from_data, arrays, impls))))

    return jax.jit(of_data)


def clear_programs() -> None:
    """Forgets every program."""
    _compiled.cache_clear()


def _struct(aval: ShapedArray) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)


# A callback passes NumPy arrays, and typed PRNG keys are none.


def _key_impl(aval: Any) -> Any:
    if not jnp.issubdtype(aval.dtype, jax.dtypes.prng_key):
        return None
    found = []

    def look(keys: Any) -> Any:
        found.append(jax.random.key_impl(keys))
        return keys

    # It is asked of keys, which there need not be yet.
    jax.eval_shape(look, _struct(aval))
    return found[0]


def _to_data(array: Any) -> Any:
    if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(array)
    return array


def _from_data(array: Any, impl: Any) -> Any:
    return array if impl is None else jax.random.wrap_key_data(array, impl=impl)
