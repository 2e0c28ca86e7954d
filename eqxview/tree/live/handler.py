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


class ClassNames(dict[type, tuple[str, str]]):
    """The short name of a class, and the one with its module; sanitised, and made once.

    One belongs to one walk: kept for longer, it would keep classes alive.
    """

    def __missing__(self, cls: type) -> tuple[str, str]:
        # The module that users know, and the one that a file names: Python 3.13 alone keeps
        # paths in another.
        module = "pathlib" if cls.__module__ == "pathlib._local" else cls.__module__
        names = self[cls] = sanitise(cls.__name__), sanitise(f"{module}.{cls.__qualname__}")
        return names
