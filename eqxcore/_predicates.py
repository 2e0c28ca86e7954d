"""What is an array, and of which kind: the predicates that filters are made of."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._jax_internals import literal_arrays

_NUMPY_TYPES = (np.ndarray, np.generic)
_JAX_TYPES = (jax.Array, *literal_arrays)
ARRAY_TYPES = (*_JAX_TYPES, *_NUMPY_TYPES)
_ARRAY_LIKE_TYPES = (*ARRAY_TYPES, float, complex, bool, int)

# `isinstance` against `jax.Array` goes through a metaclass in Python (0.4 us); a type is
# therefore asked about once. Only arrays' types are kept: there are a handful of them, and a
# dict of all others would keep every class of a program alive.
known_array_types: dict[type, bool] = {np.ndarray: True}
"""The types of arrays seen so far, and whether they are NumPy's."""


def is_array(element: Any) -> bool:
    """True for a JAX array (tracers and typed PRNG keys are some), a NumPy array or scalar.

    Python's numbers are none: `is_array(1.0)` is False.
    """
    cls = type(element)
    if cls in known_array_types:
        return True
    if isinstance(element, ARRAY_TYPES):
        known_array_types[cls] = isinstance(element, _NUMPY_TYPES)
        return True
    return False


def is_array_like(element: Any) -> bool:
    """True for whatever `jax.numpy` takes for an array: arrays, and Python's numbers.

    So is every object that has `__jax_array__`.
    """
    return isinstance(element, _ARRAY_LIKE_TYPES) or hasattr(element, "__jax_array__")


# `jnp.issubdtype` costs 3 us, and a model has a few dtypes in hundreds of leaves.
_inexact_dtypes: dict[Any, bool] = {}
_inexact_numpy: dict[Any, bool] = {}


def is_inexact_array(element: Any) -> bool:
    """True for an array (see `is_array`) of floating-point or complex numbers."""
    if not is_array(element):
        return False
    # NumPy arrays are asked in NumPy's terms, in which bfloat16 is not a floating dtype.
    known = _inexact_numpy if known_array_types[type(element)] else _inexact_dtypes
    dtype = element.dtype
    is_inexact = known.get(dtype)
    if is_inexact is None:
        issubdtype = np.issubdtype if known is _inexact_numpy else jnp.issubdtype
        is_inexact = known[dtype] = bool(issubdtype(dtype, np.inexact))
    return is_inexact


def is_inexact_array_like(element: Any) -> bool:
    """True for whatever `jax.numpy` takes for floating-point or complex numbers."""
    if hasattr(element, "__jax_array__"):
        element = element.__jax_array__()
    return is_inexact_array(element) or isinstance(element, (float, complex))
