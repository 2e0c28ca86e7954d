"""How a user would write a place in the arguments of a call: `model.layers[2].weight`."""

import inspect
from collections.abc import Callable
from typing import Any

import jax.tree_util as jtu


def place_in_arguments(fun: Callable[..., Any], path: tuple[Any, ...]) -> str:
    """The place at `path` in the tuple of positional arguments, by the name of the parameter."""
    if not path:
        return "the arguments"
    first, *rest = path
    return f"{_parameter(fun, first.idx)}{jtu.keystr(tuple(rest))}"


def place_in_call(fun: Callable[..., Any], path: tuple[Any, ...]) -> str:
    """The place at `path` in (function, positional arguments, keyword arguments)."""
    if not path:
        return "the call"
    part, *rest = path
    if part.idx == 0:
        place = jtu.keystr(tuple(rest))
        return f"{place} of the function" if place else "the function"
    if part.idx == 1:
        return place_in_arguments(fun, tuple(rest))
    if not rest:
        return "the keyword arguments"
    return f"{rest[0].key}{jtu.keystr(tuple(rest[1:]))}"


def _parameter(fun: Callable[..., Any], index: int) -> str:
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):  # builtins without a signature
        return f"argument {index}"
    for place, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            return f"{parameter.name}[{index - place}]"
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            break
        if place == index:
            return parameter.name
    return f"argument {index}"
