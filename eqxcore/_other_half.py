"""The half of a pytree that a filter took away, known to the half that it left.

To JAX a hole is `None`, and so is a parameter that was never there. A node of a class that has
a slot for it remembers, weakly, the pytree that the leaves in its holes went to: whoever prints
it can tell the two apart. Nothing else depends on it. It is neither pickled nor copied, and no
new pytree that is made of a half has it.
"""

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any


class HasOtherHalf:
    """The memory layout of a node that remembers the other half."""

    # A dunder name, so that no field of a user can have it.
    __slots__ = ("__eqxcore_other__", "__weakref__")

    if TYPE_CHECKING:
        # Not at run time: `typing.get_type_hints` of a user's Module would show it as a field.
        __eqxcore_other__: "weakref.ref[Any]"


_descriptor = HasOtherHalf.__dict__["__eqxcore_other__"]

set_other: Callable[[Any, Any], None] = _descriptor.__set__
"""Takes note of a weak reference to the pytree that has what is missing here."""


def other_of(node: HasOtherHalf) -> Any:
    """The pytree that has what a filter took out of `node`; `None` if it is not known, or gone.

    It has the structure of `node`, where a `None` counts as a leaf.
    """
    try:
        return _descriptor.__get__(node)()
    except AttributeError:
        return None
