"""The floating-point numbers next to a number."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.custom_jvp
def nextafter(x: Float[ArrayLike, "*shape"]) -> Float[Array, "*shape"]:
    """The floating-point number after `x`; infinity and NaN stay what they are.

    Subnormal numbers are passed over, since XLA takes them for zero: after 0 comes the smallest
    normal number, and after minus that, 0. The derivative is 1.

    Raises `TypeError` if `x` is not of real floating-point numbers.
    """
    return _neighbour(x, jnp.inf, "nextafter")


@jax.custom_jvp
def prevbefore(x: Float[ArrayLike, "*shape"]) -> Float[Array, "*shape"]:
    """The floating-point number before `x`: `-nextafter(-x)`."""
    return _neighbour(x, -jnp.inf, "prevbefore")


@nextafter.defjvp
def _nextafter_jvp(
    primals: tuple[Array], tangents: tuple[Array]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    return nextafter(primals[0]), jnp.asarray(tangents[0])


@prevbefore.defjvp
def _prevbefore_jvp(
    primals: tuple[Array], tangents: tuple[Array]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    return prevbefore(primals[0]), jnp.asarray(tangents[0])


def _neighbour(x: ArrayLike, towards: float, name: str) -> Array:
    x = jnp.asarray(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise TypeError(
            f"`{name}` got an array of {x.dtype}. Expected floating-point numbers: only those "
            "have a next one. Convert it with `.astype(jnp.float32)`."
        )
    tiny = jnp.finfo(x.dtype).tiny
    step = jnp.asarray(tiny if towards > 0 else -tiny, x.dtype)
    found = jnp.nextafter(x, jnp.asarray(towards, x.dtype))
    zero = jnp.zeros((), x.dtype)
    # `abs(x) < tiny` is zero or subnormal, whichever way this backend compares subnormals.
    found = jnp.where(jnp.abs(x) < tiny, step, found)
    return jnp.where(x == -step, zero, found)
