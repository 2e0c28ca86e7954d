"""`materialise_zeros`: a tangent of zeros where there was `None`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from eqxcore._predicates import is_array_like


def materialise_zeros(primal: Any, tangent: Any, allow_struct: bool = False) -> Any:
    """`tangent`, or if that is `None`, zeros that are a tangent of `primal`.

    Of the shape of `primal`; of its dtype if that can be differentiated, otherwise of
    `jax.dtypes.float0`. Where `primal` is no array (nor a number, nor, with
    `allow_struct=True`, a `jax.ShapeDtypeStruct`), there are no zeros, and it is still `None`.
    """
    if tangent is not None:
        return tangent
    if isinstance(primal, jax.ShapeDtypeStruct):
        if not allow_struct:
            return None
        shape, dtype = primal.shape, primal.dtype
    elif primal is not None and is_array_like(primal):
        array = jnp.asarray(primal)
        if jnp.issubdtype(array.dtype, jnp.inexact):
            return jnp.zeros_like(array)  # of its weak type and sharding, too
        shape, dtype = array.shape, array.dtype
    else:
        return None
    if jnp.issubdtype(dtype, jnp.inexact):
        return jnp.zeros(shape, dtype)
    return np.zeros(shape, jax.dtypes.float0)
