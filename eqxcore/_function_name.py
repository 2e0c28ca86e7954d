"""What a callable is called, in messages and as a compiled program."""

from typing import Any


def function_name(function: Any) -> str:
    """Its own name, that of what a partial is of, or the name of its class."""
    name = getattr(function, "__name__", None)
    if isinstance(name, str):
        return name
    inner = getattr(function, "func", None)
    return type(function).__name__ if inner is None else function_name(inner)
