"""What is kept of a function: where it was written, which object it is, never the object.

A function is a chain: a partial of a method of a class, a gradient of a lambda. Its *place*
says where each link was written, and is the same for the objects that one line of code makes
again and again; its *base* is the plain Python function at the bottom.
"""

import functools
import types
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from eqxview.watching.identity import identity_of
from eqxview.watching.site import Site, is_interactive

_MAX_LINKS = 16


@dataclass(frozen=True, slots=True)
class FunctionMark:
    """A callable: what it is, where its code is, which object it is."""

    kind: str
    """As in the causes `identity:…`: `lambda`, `closure`, `partial`, `bound-method`, …"""
    name: str
    place: tuple[Hashable, ...]
    """Where each link of the chain was written."""
    identity: int
    base_identity: int
    """Identity of the Python function at the bottom; of the callable itself if there is none."""
    base_kind: str
    code: int
    """Identity of the code at the bottom; 0 if there is none. Not the same once redefined."""
    source: Site | None
    """The line on which the function at the bottom is written."""


def function_mark(function: Any) -> FunctionMark:
    """What is to be remembered of the callable `function`."""
    links = list(links_of(function))
    base = links[-1]
    code = getattr(base, "__code__", None) if isinstance(base, types.FunctionType) else None
    return FunctionMark(
        kind=kind_of(function),
        name=name_of(function),
        place=tuple(map(_place, links)),
        identity=identity_of(function),
        base_identity=identity_of(base),
        base_kind=kind_of(base),
        code=0 if code is None else identity_of(code),
        source=None if code is None else Site(code.co_filename, code.co_firstlineno, base.__name__),
    )


def base_of(function: Any) -> Any:
    """The Python function at the bottom of `function`, or the callable that has none."""
    *_, base = links_of(function)
    return base


def kind_of(function: Any) -> str:
    """What sort of callable this is, in the words of the causes `identity:…`."""
    name = type(function).__name__
    if isinstance(function, types.FunctionType):
        if hasattr(function, "__wrapped__"):
            return "transform"
        return "lambda" if function.__name__ == "<lambda>" else "closure"
    if isinstance(function, types.MethodType) or name == "BoundMethod":
        return "bound-method"
    if isinstance(function, functools.partial):
        return "partial"
    if name == "PjitFunction":
        return "jit-wrapper"
    if name in ("custom_jvp", "custom_vjp"):
        return name
    return "instance"


def name_of(function: Any) -> str:
    """The name that a user would call `function` by: `Trainer.step`, `<lambda>`."""
    for link in links_of(function):
        name = getattr(link, "__qualname__", None) or getattr(link, "__name__", None)
        if isinstance(name, str):
            return name.rpartition("<locals>.")[2]
    return type(function).__name__


def links_of(function: Any) -> Iterator[Any]:
    """The callable, what it wraps, what that wraps, and so on."""
    for _ in range(_MAX_LINKS):
        yield function
        if isinstance(function, types.MethodType) or type(function).__name__ == "BoundMethod":
            inner = function.__func__
        elif isinstance(function, functools.partial):
            inner = function.func
        elif isinstance(function, type):
            return
        else:
            # In the object itself where it can be: a Module may look through to what it holds.
            inner = getattr(function, "__wrapped__", None)
        if inner is None or not callable(inner):
            return
        function = inner


def _place(link: Any) -> Hashable:
    """Where one link of a chain was written."""
    if not isinstance(link, types.FunctionType):
        cls = link if isinstance(link, type) else type(link)
        return cls.__module__, cls.__qualname__
    code = link.__code__
    if is_interactive(code.co_filename):
        # A cell that is run again has another file name, or other line numbers.
        return link.__module__, code.co_qualname, _columns(code)
    return code.co_filename, code.co_firstlineno, code.co_qualname, _columns(code)


def _columns(code: types.CodeType) -> int:
    """Tells two lambdas of one line apart; 0 for functions with a name."""
    if code.co_name != "<lambda>":
        return 0
    return hash(tuple(position[2:] for position in code.co_positions()))
