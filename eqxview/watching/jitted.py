"""Tells the calls of one jitted function from those of all others."""

from typing import Any

from eqxview.watching.call import Call
from eqxview.watching.function_mark import FunctionMark, function_mark, links_of, name_of


class Jitted:
    """What is kept of a jitted function: its name, and which one it is. Not the function.

    `function` is what `jax.jit` or `filter_jit` returned, a method that was decorated with one of
    them, or a function that wraps one with `functools.wraps`. Raises `TypeError` for others.
    """

    def __init__(self, function: Any) -> None:
        inner = _inside(function)
        self.name: str = name_of(inner)
        self._mark: FunctionMark = function_mark(inner)

    def is_called(self, name: str, call: Call | None) -> bool:
        """Whether what was compiled, under this name, is this function."""
        if call is None:
            # The stack of this JAX is not read: all that is known is what it is called.
            return name.removeprefix("jit(").removesuffix(")") == self.name.rpartition(".")[2]
        mark = call.function.function
        if mark is None:
            return False
        if mark.identity:
            return mark.identity == self._mark.identity
        # A Module: an argument of the program, and another object with each update.
        return mark.place == self._mark.place


def _inside(function: Any) -> Any:
    """The function that was jitted."""
    for link in links_of(function):
        # As all that jit: JAX, Equinox and eqxcore.
        if callable(getattr(type(link), "lower", None) or _vars_of(link).get("lower")):
            inner = getattr(link, "__wrapped__", None)
            if inner is not None:
                return inner
    name = name_of(function) if callable(function) else repr(function)
    raise TypeError(
        f"`{name}` is not a jitted function: nothing is compiled for its own calls. Expected what "
        "`jax.jit` or `filter_jit` returns. To count everything that is compiled while it runs, "
        "leave it out: `assert_compiles(at_most=1)`."
    )


def _vars_of(value: Any) -> dict[str, Any]:
    """The attributes of an object itself; none for one that has no dict."""
    return getattr(value, "__dict__", {})
