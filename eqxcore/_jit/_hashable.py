"""Says which static value does not hash."""

from typing import Any

import jax.tree_util as jtu

from eqxcore._call_place import place_in_call
from eqxcore._module import Module
from eqxcore._module._unhashable import incomparable_field_of
from eqxcore._predicates import is_array
from eqxcore._trees._pretty import tree_pformat


def check_hashable(call: tuple[Any, tuple[Any, ...], dict[str, Any]]) -> None:
    """Raises `ValueError` with the key path of the first static value that does not hash.

    In static fields only arrays are refused: what is there is compared, and not hashed.

    `call` is (function, positional arguments, keyword arguments).
    """
    for path, leaf in jtu.tree_leaves_with_path(call, is_leaf=_has_arrays_in_statics):
        if _has_arrays_in_statics(leaf):
            field = incomparable_field_of(leaf)
            if field is not None:
                path = (*path, jtu.GetAttrKey(field.name))
                raise _error(call, path, field.value, field.reason, field.explain())
        if is_array(leaf):
            continue
        try:
            hash(leaf)
        except TypeError as error:
            raise _error(call, path, leaf, str(error), _EXPECTED + _advice(leaf)) from None


_EXPECTED = (
    "Expected an array or a hashable value, since compiled programs are found by everything that "
    "is no array.\n"
)


def _error(call: Any, path: Any, value: Any, reason: str, text: str) -> ValueError:
    return ValueError(
        "Non-hashable static arguments are not supported: "
        f"`{place_in_call(call[0], path)}` is {_short_repr(value)} ({reason}).\n{text}"
    )


def _has_arrays_in_statics(node: Any) -> bool:
    return isinstance(node, Module) and incomparable_field_of(node) is not None


def _short_repr(value: Any) -> str:
    text = tree_pformat(value, width=10**6)
    return text if len(text) <= 60 else text[:59] + "…"


def _advice(leaf: Any) -> str:
    if isinstance(leaf, set):
        return "Make it a frozenset."
    return (
        f"Give {type(leaf).__qualname__} an `__eq__` and a `__hash__`, or register it as a pytree."
    )
