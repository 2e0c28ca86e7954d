"""How things are shown when a documentation page is generated.

A generator sets `typing.GENERATING_DOCUMENTATION` before it imports anything. Otherwise both
functions return what they got: nothing changes in a program that runs.
"""

import inspect
import typing
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")
_Fn = TypeVar("_Fn", bound=Callable[..., Any])


class _Shown(type):
    """A class, so that it can stand in an annotation, whose repr is a given text."""

    def __new__(cls, text: str) -> "_Shown":
        return super().__new__(cls, text, (), {})

    def __init__(cls, text: str) -> None:
        super().__init__(text, (), {})
        cls._text = text

    def __repr__(cls) -> str:
        return cls._text


def _generating() -> bool:
    return bool(getattr(typing, "GENERATING_DOCUMENTATION", False))


def doc_repr(obj: _T, string: str) -> _T:
    """`obj`, or, while documentation is generated, something shown as `string`."""
    if _generating():
        return _Shown(string)  # type: ignore[return-value]
    return obj


def doc_remove_args(*args: str) -> Callable[[_Fn], _Fn]:
    """A decorator that leaves parameters out of the signature shown in documentation.

    Names that the function does not have are ignored.
    """

    def decorate(fn: _Fn) -> _Fn:
        if _generating():
            signature = inspect.signature(fn)
            shown = [p for name, p in signature.parameters.items() if name not in args]
            fn.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
        return fn

    return decorate
