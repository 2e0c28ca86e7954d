"""An item of an `Enumeration`: a pytree of one integer, which may be traced."""

from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, ArrayLike, Bool, Int
from wadler_lindig import TextDoc

from eqxcore._module import Module, field
from eqxcore._predicates import is_array
from eqxcore._runtime_errors import branched_error_if

_T = TypeVar("_T")


class EnumerationItem(Module):
    """One of the choices of an `Enumeration`, or a traced one.

    It compares with items of the same enumeration only, and gives an array when it does.
    """

    _value: Int[Array | np.ndarray, "..."]
    _enumeration: Any = field(static=True)
    """The enumeration that it is a choice of: the class, which is made of its items."""

    def __eq__(self, other: object) -> Bool[Array, "..."]:  # type: ignore[override]
        """Whether it is the same choice. Raises `ValueError` for an item of something else."""
        _check_comparable(self, other)
        values = self._value, other._value  # type: ignore[attr-defined]
        if any(isinstance(value, Tracer) for value in values):
            return jnp.equal(*values)
        # Known even while something else is traced, so that an `if` can depend on it.
        with jax.ensure_compile_time_eval():
            return jnp.equal(*values)

    def __ne__(self, other: object) -> Bool[Array, "..."]:  # type: ignore[override]
        """Whether it is another choice. Raises `ValueError` for an item of something else."""
        same = self == other
        if isinstance(same, Tracer):
            return jnp.logical_not(same)
        with jax.ensure_compile_time_eval():
            return jnp.logical_not(same)

    # Nothing that may be traced has a hash.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.__pdoc__().text

    def __pdoc__(self, **kwargs: Any) -> TextDoc:
        enumeration = self._enumeration
        message = enumeration._message_of(self)
        return TextDoc(f"{enumeration.__module__}.{enumeration.__qualname__}<{message}>")

    def is_traced(self) -> bool:
        """Whether the choice is not known while the program is traced."""
        return isinstance(self._value, Tracer)

    def error_if(self, token: _T, pred: Bool[ArrayLike, "..."]) -> _T:
        """`token`, unchanged; an error with the message of this item if `pred` is true.

        As `eqxcore.error_if`.
        """
        return branched_error_if(token, pred, self._value, self._enumeration._index_to_message)


def _check_comparable(item: EnumerationItem, other: object) -> None:
    if isinstance(other, EnumerationItem) and other._enumeration is item._enumeration:
        return
    name = item._enumeration.__qualname__
    if isinstance(other, EnumerationItem):
        found = f"an item of `{other._enumeration.__qualname__}`"
        hint = f"items of a base class become ones of `{name}` by `{name}.promote(item)`"
    else:
        found = f"{other!r}, which is no item of an enumeration"
        hint = f"name the item, `{name}.{next(iter(item._enumeration._name_to_item))}` say"
    raise ValueError(f"Cannot compare an item of `{name}` with {found}. Instead, {hint}.")


def message_of_value(value: Any, messages: list[str]) -> str:
    """What a value says: a message, those of an array of values, or why it is not known."""
    if isinstance(value, Tracer):
        return "traced"
    if not is_array(value):
        # A `jax.ShapeDtypeStruct`, or whatever a `tree_map` has put there.
        return "unknown"
    values = np.asarray(value)
    return messages[int(values)] if values.ndim == 0 else str(np.array(messages)[values])
