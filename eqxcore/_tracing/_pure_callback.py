"""`filter_pure_callback`: `jax.pure_callback` for functions of anything."""

from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu
import numpy as np

from eqxcore._function_name import function_name
from eqxcore._jit._split import PublicStructure, split_publicly
from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._static_key import static_key
from eqxcore._structs import is_array_or_struct
from eqxcore._trees._mismatch import mismatch_table
from eqxcore._trees._pretty import tree_pformat

# What JAX's `vectorized` stood for, before there was `vmap_method`.
_METHODS = {True: "legacy_vectorized", False: "sequential"}


def filter_pure_callback(
    callback: Callable[..., Any],
    *args: Any,
    result_shape_dtypes: PyTree[Any],
    sharding: jax.sharding.Sharding | None = None,
    vmap_method: str | None = None,
    vectorized: bool | None = None,
    **kwargs: Any,
) -> PyTree[Any]:
    """What `callback(*args, **kwargs)` returns, called by Python while the program runs.

    `callback` must be pure: it may be called several times, or not at all. Arguments and result
    may be any pytrees. `result_shape_dtypes` is one like the result, with a
    `jax.ShapeDtypeStruct` (or an array) for each array; whatever else is in it, strings and
    Python numbers too, is returned as it is, and the callback must return the same there. Where
    an array is expected, the callback may return a Python number.

    `vmap_method` says how it is called under `vmap`, as for `jax.pure_callback`: "sequential",
    "expand_dims" or "broadcast_all", for example. `vectorized=True` is the old way to say
    "legacy_vectorized", and `False` to say "sequential". `sharding` goes to JAX. The callback has
    no derivative: give it one with `eqx.filter_custom_jvp`.

    Raises `ValueError` while the program runs, wrapped by JAX, naming the leaves, when the callback
    returns something else.
    """
    if vectorized is not None:
        if vmap_method is not None:
            raise ValueError(
                f"`filter_pure_callback` got `vectorized={vectorized}` and "
                f"`vmap_method={vmap_method!r}`. Expected one of them: leave out `vectorized`, "
                "which is the old name."
            )
        vmap_method = _METHODS[vectorized]
    arrays, structure = split_publicly((callback, args, kwargs))
    expected, out_structure = split_publicly(result_shape_dtypes, is_array_or_struct)
    expected = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in expected]

    def of_arrays(*arrays: Any) -> list[Any]:
        callback, args, kwargs = structure.unflatten(arrays)
        result = callback(*args, **kwargs)
        return _arrays_of(function_name(callback), result, expected, out_structure)

    options = {} if sharding is None else {"sharding": sharding}
    results = jax.pure_callback(of_arrays, expected, *arrays, vmap_method=vmap_method, **options)
    return out_structure.unflatten(results)


class _Array:
    """Stands for an array in what is expected."""

    def __init__(self, struct: jax.ShapeDtypeStruct) -> None:
        self.shape, self.dtype = struct.shape, jax.dtypes.canonicalize_dtype(struct.dtype)

    def __repr__(self) -> str:
        return tree_pformat(jax.ShapeDtypeStruct(self.shape, self.dtype), struct_as_array=True)

    def is_like(self, leaf: Any) -> bool:
        """Whether JAX takes the leaf for it."""
        if is_array(leaf):
            # Under `vmap` there may be more axes, but they are first.
            rank = len(self.shape)
            return (
                tuple(leaf.shape[leaf.ndim - rank :]) == self.shape
                and jax.dtypes.canonicalize_dtype(leaf.dtype) == self.dtype
            )
        return self.shape == () and isinstance(leaf, (bool, int, float, complex))


def _arrays_of(
    name: str, result: Any, expected: list[jax.ShapeDtypeStruct], structure: PublicStructure
) -> list[Any]:
    """The arrays of the result, after checking it."""
    wanted = structure.unflatten(map(_Array, expected))
    table = mismatch_table(("expected", "returned"), wanted, result, same_leaf=_is_expected)
    if table is not None:
        raise ValueError(
            f"`filter_pure_callback`: `{name}` returned another result than `result_shape_dtypes` "
            f"says:\n{table}\n"
            "Expected the same structure, arrays of these shapes and dtypes (under `vmap`, behind "
            "the axes of the batch), and the same values of all that is no array, since the "
            "program was compiled for it. Correct `result_shape_dtypes`, or convert what is "
            "returned, as in `np.asarray(x, np.float32)`."
        )
    return [
        np.asarray(leaf) if is_array(leaf) else np.asarray(leaf, kind.dtype)
        for kind, leaf in zip(jtu.tree_leaves(wanted), jtu.tree_leaves(result), strict=True)
        if isinstance(kind, _Array)
    ]


def _is_expected(expected: Any, returned: Any) -> bool:
    if isinstance(expected, _Array):
        return expected.is_like(returned)
    if is_array(returned):
        return False
    try:
        return expected is returned or bool(static_key(expected) == static_key(returned))
    except (TypeError, ValueError):
        return False
