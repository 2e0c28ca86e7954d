"""Numbers for objects, so that a record can say "the same object" without holding it."""

import itertools
import weakref
from typing import Any

_numbers = itertools.count(1)
_known: dict[int, tuple[weakref.ref[Any], int]] = {}


def identity_of(value: object) -> int:
    """A number that no other object has had or will have in this process.

    Negative for objects that take no weak reference (some with `__slots__`): there it is the
    address, which another object may have later.
    """
    address = id(value)
    known = _known.get(address)
    if known is not None and known[0]() is value:
        return known[1]
    number = next(_numbers)

    def forget(_: Any) -> None:
        found = _known.get(address)
        if found is not None and found[1] == number:
            del _known[address]

    try:
        _known[address] = weakref.ref(value, forget), number
    except TypeError:
        return -address
    return number
