"""What a handler of live objects is."""

from typing import Protocol

from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Sight


class Handler(Protocol):
    """Recognises a class of objects, and says what one of them is."""

    def recognises(self, cls: type) -> bool:
        """Whether objects of exactly this class are ours. Asked once per class and walk."""
        ...

    def look(self, value: object) -> Sight:
        """What `value` is: one level."""
        ...


def class_names(cls: type) -> tuple[str, str]:
    """The short name of a class, and the one with its module; both sanitised."""
    return sanitise(cls.__name__), sanitise(f"{cls.__module__}.{cls.__qualname__}")
