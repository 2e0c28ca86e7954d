"""A layer with another array for one of its weights: what the reparameterising layers share."""

from typing import Any, TypeVar

from jax import Array

from eqxcore._predicates import is_array
from eqxcore._trees._tree_at import tree_at

_Layer = TypeVar("_Layer")


def weight_of(layer: Any, name: str, *, of: str) -> Array:
    """The array `layer.name`; `of` is who asks.

    Raises `ValueError` when there is none.
    """
    if not hasattr(layer, name):
        raise ValueError(
            f"`{of}` got a `{type(layer).__name__}`, which has no `{name}`; expected the name of "
            f'one of its arrays, such as `weight_name="weight"`.{_advice(layer, of)}'
        )
    weight = getattr(layer, name)
    if not is_array(weight):
        raise ValueError(
            f"`{of}` got a `{type(layer).__name__}` whose `{name}` is {weight!r}; expected an "
            "array, for that is what is normalised. Make the layer with one, or name another of "
            "its arrays in `weight_name`."
        )
    return weight


def replace_weight(layer: _Layer, name: str, weight: Array) -> _Layer:
    """`layer`, with this array for its `name`."""
    return tree_at(lambda layer: getattr(layer, name), layer, weight)


def _advice(layer: Any, of: str) -> str:
    inner = getattr(layer, "layer", None)
    if inner is None:
        return ""
    return f" It wraps a `{type(inner).__name__}`: wrap that one in `{of}` first."
