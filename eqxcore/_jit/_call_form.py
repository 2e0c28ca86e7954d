"""One form for all ways of writing the same call: `f(x, y=2)` is `f(x, 2)`.

As `inspect.Signature.bind` does it, with the answer remembered: it depends only on how many
positional arguments there are and on the names of the others.
"""

import inspect
from collections.abc import Callable
from typing import Any

_Form = tuple[tuple[Any, ...], tuple[str, ...]]


class CallForms:
    """The call forms of one function that have been seen."""

    __slots__ = ("_forms", "_signature")

    def __init__(self, fun: Callable[..., Any]) -> None:
        try:
            self._signature = inspect.signature(fun)
        except (TypeError, ValueError):
            # A builtin: its calls are taken as they are written.
            self._signature = None
        self._forms: dict[tuple[int, tuple[str, ...]], _Form] = {}

    def normalise(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same arguments with as many of them positional as the signature allows.

        A default that was left out stays out. Raises `TypeError` when they do not fit.
        """
        if self._signature is None:
            return args, kwargs
        key = len(args), tuple(kwargs)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._bind(*key)
        positional, keywords = form
        return (
            (*args, *[kwargs[name] for name in positional]),
            {name: kwargs[name] for name in keywords},
        )

    def _bind(self, count: int, names: tuple[str, ...]) -> _Form:
        """Which keywords become positional, in order, and which stay."""
        assert self._signature is not None
        bound = self._signature.bind(*[None] * count, **{name: name for name in names})
        return bound.args[count:], tuple(sorted(bound.kwargs))
