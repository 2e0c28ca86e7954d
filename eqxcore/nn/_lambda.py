"""A function as a layer."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import PRNGKeyArray

from eqxcore._module import Module


class Lambda(Module):
    """Wraps a function of one argument, such as an activation, as a layer of a `Sequential`."""

    fn: Callable[[Any], Any]

    @jax.named_scope("eqx.nn.Lambda")
    def __call__(self, x: Any, *, key: PRNGKeyArray | None = None) -> Any:
        """`fn(x)`. `key` is ignored."""
        return self.fn(x)
