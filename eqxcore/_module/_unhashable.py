"""Says which static field does not hash, and how to declare it instead."""

from typing import Any, NamedTuple

import jax.tree_util as jtu

from eqxcore._predicates import is_array

from ._declared import declared_at


class UnhashableField(NamedTuple):
    """A static field whose value does not hash."""

    module_class: type
    name: str
    value: Any
    reason: str
    """What `hash` said."""

    def explain(self) -> str:
        """Where the field is declared, what is expected there, why, and what to write."""
        cls, name, value, _ = self
        lines = [f"`{name}` is a static field of {cls.__qualname__}{declared_at(cls, name)}."]
        if any(map(is_array, jtu.tree_leaves(value))):
            lines += [
                "Expected no array in a static field, since compiled programs are found by "
                "comparing and hashing their values.",
                f"Write `{name}: Array` without `static=True`; for an array that is not to be "
                f"trained, `jax.lax.stop_gradient(self.{name})` where it is used.",
            ]
        else:
            lines += [
                "Expected a hashable value, since compiled programs are found by the values of "
                "static fields.",
                _advice(name, value),
            ]
        return "\n".join(lines)


def unhashable_field(module_class: type, items: list[tuple[str, Any]]) -> UnhashableField | None:
    """The first of these static fields that does not hash; `None` if all do."""
    for name, value in items:
        try:
            hash(value)
        except TypeError as error:
            # What Python says of an array is the name of a class that JAX renames at will.
            holds_array = any(map(is_array, jtu.tree_leaves(value)))
            reason = "arrays do not hash" if holds_array else str(error)
            return UnhashableField(module_class, name, value, reason)
    return None


def incomparable_field_of(module: Any) -> UnhashableField | None:
    """The first static field of a Module that holds an array; `None` if none does.

    Not one with a list or a dict in it: JAX finds programs by comparing static fields, without
    hashing them. Whoever changes such a list in place changes it for the compiled program, too.
    """
    _, statics = module.__eqxcore_flat__
    for name, value in statics.items():
        field = unhashable_field(type(module), [(name, value)])
        if field is not None and any(map(is_array, jtu.tree_leaves(value))):
            return field
    return None


def _advice(name: str, value: Any) -> str:
    if isinstance(value, list):
        return f"Make it a tuple: `{name}: tuple = eqx.field(static=True, converter=tuple)`."
    if isinstance(value, dict):
        return (
            f"Make it a tuple of pairs, or leave it dynamic: `{name}: dict` without `static=True`."
        )
    if isinstance(value, set):
        return (
            f"Make it a frozenset: `{name}: frozenset = eqx.field(static=True, "
            f"converter=frozenset)`."
        )
    return (
        f"Give {type(value).__qualname__} an `__eq__` and a `__hash__`, as "
        f"`@dataclass(frozen=True)` does, or leave the field dynamic: drop `static=True`."
    )
