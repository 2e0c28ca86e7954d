"""What a failed check raises."""

from typing import Any


class EquinoxRuntimeError(RuntimeError):
    """A check failed on values that were known only when the program ran."""

    def __reduce__(self) -> tuple[Any, ...]:
        # By way of a function: a process pool pickles exceptions, and the class is not to be
        # found where it says that it is.
        return _remake, ("EquinoxRuntimeError", self.args)


class EquinoxTracetimeError(RuntimeError):
    """A check failed on a value that was known when the program was traced."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _remake, ("EquinoxTracetimeError", self.args)


def _remake(name: str, args: tuple[Any, ...]) -> RuntimeError:
    return globals()[name](*args)


# So that Python prints them without the name of a private module before theirs.
EquinoxRuntimeError.__module__ = EquinoxTracetimeError.__module__ = "builtins"
