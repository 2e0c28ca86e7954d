"""Functions known to work element by element: mapping them over an array is calling them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def identity(x: Any) -> Any:
    """`x`, the same object."""
    return x


_ELEMENTWISE = frozenset(
    {
        identity,
        jax.nn.celu,
        jax.nn.elu,
        jax.nn.gelu,
        jax.nn.hard_sigmoid,
        jax.nn.hard_silu,
        jax.nn.hard_tanh,
        jax.nn.identity,
        jax.nn.leaky_relu,
        jax.nn.log_sigmoid,
        jax.nn.mish,
        jax.nn.relu,
        jax.nn.relu6,
        jax.nn.selu,
        jax.nn.sigmoid,
        jax.nn.silu,
        jax.nn.soft_sign,
        jax.nn.softplus,
        jax.nn.squareplus,
        jax.nn.tanh,
        jnp.abs,
        jnp.cos,
        jnp.exp,
        jnp.sin,
        jnp.tanh,
        jax.lax.tanh,
    }
)


def is_elementwise(fn: Callable) -> bool:
    """Whether `fn` is one of the stock activations, which need no `vmap`.

    `False` says nothing: only functions of JAX are known.
    """
    try:
        return fn in _ELEMENTWISE
    except TypeError:  # unhashable, e.g. a Module holding arrays
        return False
