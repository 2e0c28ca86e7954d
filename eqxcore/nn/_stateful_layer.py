"""What tells a layer that carries state from one that does not."""

from collections.abc import Callable
from typing import Any

from eqxcore._module import AbstractClassVar, Module


class StatefulLayer(Module):
    """A layer that is called as `layer(x, state, key=key)` and returns `(x, state)`.

    Subclass it, and `Sequential` will hand the state on. A layer that has state only sometimes
    overrides `is_stateful`.
    """

    __call__: AbstractClassVar[Callable[..., Any]]

    def is_stateful(self) -> bool:
        """Whether this very layer takes and returns a state."""
        return True
