"""Typed PRNG keys of JAX: an object around the array of their bits."""

from typing import NamedTuple

from eqxview.readers.described.array_types import MAX_DIMENSIONS
from eqxview.readers.described.descriptions import (
    NO_STATE,
    ArrayDescription,
    Call,
    DictItems,
    Reference,
)
from eqxview.tree.sanitise import sanitise


class PrngKeys(NamedTuple):
    """An array of keys, as its pickle describes it."""

    bits: ArrayDescription
    """The array of integers; its last dimensions hold one key."""
    dtype: str
    """As JAX names it: `key<fry>`."""
    key_dimensions: int
    """How many dimensions of `bits` one key takes."""


def prng_keys(call: Call) -> PrngKeys | None:
    """The keys that `call` stands for; `None` if it is none, or not of the usual shape."""
    function = call.function
    if (
        type(function) is not Reference
        or function.name not in ("PRNGKeyArray", "PRNGKeyArrayImpl")
        or function.module.partition(".")[0] != "jax"
        or call.state is NO_STATE
    ):
        return None
    # The state as it is: its class has no slots.
    pairs = call.state.pairs if type(call.state) is DictItems else []
    state = {key: value for key, value in pairs if type(key) is str}
    bits, implementation = state.get("_base_array"), state.get("_impl")
    if type(bits) is not ArrayDescription or type(implementation) is not Call:
        return None
    # A namedtuple: the shape of a key, four functions, its name, and the tag that JAX prints.
    fields = implementation.arguments
    if type(fields) is not tuple or len(fields) < 3:
        return None
    key_shape, tag = fields[0], fields[-1]
    if type(key_shape) is not tuple or type(tag) is not str or len(key_shape) > MAX_DIMENSIONS:
        return None
    return PrngKeys(bits, f"key<{sanitise(tag, limit=20)}>", len(key_shape))
