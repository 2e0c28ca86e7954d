"""An attribute that is worked out when it is first asked for, once, however many threads ask."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

_T = TypeVar("_T")

# Reentrant: one such attribute may need another. One for all: it is held for microseconds.
_lock = threading.RLock()


class made_once(Generic[_T]):
    """As `functools.cached_property`, of which two threads may make two from Python 3.12 on."""

    def __init__(self, make: Callable[[Any], _T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> "made_once[_T]": ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> _T: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        with _lock:
            known = instance.__dict__
            if self._name not in known:
                known[self._name] = self._make(instance)
            return known[self._name]
