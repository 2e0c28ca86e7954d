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
_known_array_types: dict[type, bool] = {np.ndarray: True}


def is_array(element: Any) -> bool:
    """True for a JAX array (tracers and typed PRNG keys are some), a NumPy array or scalar.

    Python's numbers are none: `is_array(1.0)` is False.
    """
    cls = type(element)
    if cls in _known_array_types:
        return True
    if isinstance(element, ARRAY_TYPES):
        _known_array_types[cls] = True
        return True
    return False


def is_array_like(element: Any) -> bool:
    """True for whatever `jax.numpy` takes for an array: arrays, and Python's numbers.

    So is every object that has `__jax_array__`.
    """
    return isinstance(element, _ARRAY_LIKE_TYPES) or hasattr(element, "__jax_array__")


def is_inexact_array(element: Any) -> bool:
    """True for an array (see `is_array`) of floating-point or complex numbers."""
    # NumPy arrays are asked in NumPy's terms, in which bfloat16 is not a floating dtype.
    if isinstance(element, _NUMPY_TYPES):
        return bool(np.issubdtype(element.dtype, np.inexact))
    if isinstance(element, _JAX_TYPES):
        return _is_inexact_dtype(element.dtype)
    return False


def is_inexact_array_like(element: Any) -> bool:
    """True for whatever `jax.numpy` takes for floating-point or complex numbers."""
    if hasattr(element, "__jax_array__"):
        element = element.__jax_array__()
    if isinstance(element, _NUMPY_TYPES):
        return bool(np.issubdtype(element.dtype, np.inexact))
    if isinstance(element, _JAX_TYPES):
        return _is_inexact_dtype(element.dtype)
    return isinstance(element, (float, complex))


# `jnp.issubdtype` costs 3 us, and a model has a few dtypes in hundreds of leaves.
_inexact_dtypes: dict[Any, bool] = {}


def _is_inexact_dtype(dtype: Any) -> bool:
    known = _inexact_dtypes.get(dtype)
    if known is None:
        known = _inexact_dtypes[dtype] = bool(jnp.issubdtype(dtype, jnp.inexact))
    return known
