"""`Partial`: a function with some of its arguments, as a pytree."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ._module import Module

_Result = TypeVar("_Result")


class Partial(Module, Generic[_Result]):
    """`functools.partial` as a pytree: function, arguments and keywords are its children.

    A keyword given at the call again is a `TypeError`: it does not override the earlier one.
    """

    func: Callable[..., _Result]
    args: tuple[Any, ...]
    keywords: dict[str, Any]

    def __init__(self, func: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> None:
        self.func = func
        self.args = args
        self.keywords = kwargs

    def __call__(self, *args: Any, **kwargs: Any) -> _Result:
        """What `func` returns for the stored arguments followed by these."""
        return self.func(*self.args, *args, **kwargs, **self.keywords)
