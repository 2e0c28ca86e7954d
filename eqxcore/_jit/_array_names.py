"""The arrays of a call by the names that a user has for them, for JAX to speak of."""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax.tree_util as jtu

from eqxcore._call_place import place_in_arguments

_ARRAYS = inspect.Parameter("arrays", inspect.Parameter.VAR_POSITIONAL)


class NamedArrays(inspect.Signature):
    """The signature of a function of arrays, each of which has a name: `model.layers[0].weight`.

    JAX asks the signature of what it traces for the names of the arguments. It shows them in its
    errors ("depends on the value of the argument ..."), in jaxprs and in lowered programs, where
    the number of an array among all would tell nobody anything.
    """

    __slots__ = ("_names",)

    def __init__(self, names: list[str]) -> None:
        super().__init__([_ARRAYS])
        self._names = names

    def bind(self, /, *args: Any, **kwargs: Any) -> Any:
        """The arguments by their names; as any function of `*arrays` if there are others."""
        named = dict(zip(self._names, args, strict=False))
        if kwargs or not len(named) == len(args) == len(self._names):
            return super().bind(*args, **kwargs)
        return SimpleNamespace(arguments=named)


def names_of_arrays(
    call: tuple[Any, tuple[Any, ...], dict[str, Any]], is_dynamic: Callable[[Any], bool]
) -> list[str]:
    """Names of the arrays in (function, positional arguments, keyword arguments), in that order."""
    function, args, kwargs = call
    # A method is asked for by what it is of; anything else that has arrays has no name here.
    is_method = hasattr(function, "__func__") and hasattr(function, "__self__")
    parts = [("self", function.__self__) if is_method else ("<function>", function)]
    parts += [
        (place_in_arguments(function, (jtu.SequenceKey(place),)), value)
        for place, value in enumerate(args)
    ]
    parts += [(name, kwargs[name]) for name in sorted(kwargs)]
    return [
        f"{name}{jtu.keystr(path)}"
        for name, value in parts
        for path, leaf in jtu.tree_leaves_with_path(value)
        if is_dynamic(leaf)
    ]
