"""The functions that were ever made `noinline`, by number."""

import threading

from eqxcore.internal._hashable_split import StaticKey

_lock = threading.Lock()

# Never shortened: a compiled program may hold a number.
_by_number: list[StaticKey] = []
_numbers: dict[StaticKey, int] = {}


def number_of(static: StaticKey) -> int:
    """The number of a function, without its arrays; the same one for equal functions."""
    with _lock:
        try:
            found = _numbers.get(static)
        except TypeError:  # unhashable: a function of its own
            _by_number.append(static)
            return len(_by_number) - 1
        if found is None:
            found = _numbers[static] = len(_by_number)
            _by_number.append(static)
        return found


def function_with(number: int) -> StaticKey:
    """The function, without its arrays."""
    return _by_number[number]
