"""A layer that does nothing."""

from typing import Any, TypeVar

import jax
from jaxtyping import PRNGKeyArray

from eqxcore._module import Module

_T = TypeVar("_T")


class Identity(Module):
    """Returns its input: a layer to put where none is wanted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ignores all arguments, so that it can stand in for any layer."""

    @jax.named_scope("eqx.nn.Identity")
    def __call__(self, x: _T, *, key: PRNGKeyArray | None = None) -> _T:
        """`x`, the same object. `key` is ignored."""
        return x
