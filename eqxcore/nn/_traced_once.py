"""Functions that are traced once per shapes and dtypes, however often they are called."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import jax

_Fn = TypeVar("_Fn", bound=Callable[..., Any])


def traced_once(*, static: tuple[str, ...] = ()) -> Callable[[_Fn], _Fn]:
    """A decorator: the same function, its trace remembered, its operations inlined.

    The mathematics of a layer is a handful of `jnp` calls, each of which costs 20 to 100
    microseconds of Python whenever it is traced, and several times that under `vmap` and `grad`,
    which see every operation. Remembered as one jaxpr, a layer is seen once: tracing
    `vmap(LayerNorm)` takes a third of the time. `inline=True` leaves no trace of it in the
    program: what is compiled is what plain calls would give. (JAX before 0.11 inlines in the jaxpr
    already, later ones when it is lowered.)

    `static` names keyword-only parameters that are no arrays; they must be hashable.
    """

    def decorate(fn: _Fn) -> _Fn:
        return cast(_Fn, jax.jit(fn, static_argnames=static, inline=True))

    return decorate
