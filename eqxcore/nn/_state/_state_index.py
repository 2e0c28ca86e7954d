"""A layer's claim to a piece of state."""

from typing import Any, Generic, TypeVar

from eqxcore._module import Module, field

from ._marker import Marker

_Value = TypeVar("_Value")


class StateIndex(Module, Generic[_Value]):
    """What a layer holds in the place of state: the key to it, and its first value.

        class Counter(eqx.Module):
            count: eqx.nn.StateIndex

            def __init__(self):
                self.count = eqx.nn.StateIndex(jnp.array(0, jnp.int32))

            def __call__(self, x, state):
                return x, state.set(self.count, state.get(self.count) + 1)

    `make_with_state(Counter)()` returns such a layer and its first state.
    """

    marker: object = field(static=True)
    """What `State` finds the value by. After `make_with_state`: the path of this index."""
    init: "_Value | InitDeleted"
    """The first value; after `make_with_state`, only a note that it is gone."""

    def __init__(self, init: _Value) -> None:
        """`init` is any pytree of arrays, or of numbers, which become arrays."""
        self.marker = Marker()
        self.init = init


class InitDeleted(Module):
    """Stands where a first value was, before it went into a `State`."""


def is_index(node: Any) -> bool:
    """Whether `node` is a `StateIndex`; subclasses mean something of their own."""
    return type(node) is StateIndex
