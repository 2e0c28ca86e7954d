"""Numbers for objects, so that a record can say "the same object" without holding it."""

import itertools
import weakref
from typing import Any

_numbers = itertools.count(1)
_known: dict[int, tuple[weakref.ref[Any], int]] = {}
_living: dict[int, weakref.ref[Any]] = {}


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
        _living.pop(number, None)
        found = _known.get(address)
        if found is not None and found[1] == number:
            del _known[address]

    try:
        reference = weakref.ref(value, forget)
    except TypeError:
        return -address
    _known[address] = reference, number
    _living[number] = reference
    return number


def are_equal(a: int, b: int) -> bool | None:
    """What the objects with these numbers say to `==`; `None` once one of them is gone."""
    first, second = (_living[n]() if n in _living else None for n in (a, b))
    if first is None or second is None:
        return None
    try:
        return bool(first == second)
    except Exception:  # noqa: BLE001  anybody's __eq__; one that raises finds no program either
        return False
