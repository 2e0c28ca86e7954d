"""Generated pytrees: everything that JAX flattens, nested, with shared leaves and `None`s.

The classes stand at module level and in this importable file, so that a pickle names them and
a reader can find their source.
"""

import collections
import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

import eqxcore as eqx


class Pair(NamedTuple):
    first: Any
    second: Any


Triple = collections.namedtuple("Triple", "x y z")


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Registered:
    inner: Any
    rate: Any
    name: str = dataclasses.field(default="plain", metadata={"static": True})


@dataclasses.dataclass(eq=False)
class Unregistered:
    inner: Any
    note: str


class Layer(eqx.Module):
    weight: Any
    size: int = eqx.field(static=True)
    bias: Any = None


class Wrapped(Layer):
    """Inherits fields, and adds one before which a static one stands."""

    mode: str = eqx.field(static=True, default="train")
    extra: Any = None


def named_function(x):
    return x


# Made once: a JAX array costs more than everything else in an example, and drawing from a
# pool is what makes leaves shared.
ARRAYS = (
    jnp.zeros((2, 3)),
    jnp.ones((), jnp.int32),
    jnp.arange(4, dtype=jnp.bfloat16),
    jnp.asarray(1.5),
    jnp.zeros((0, 2), bool),
    np.arange(6, dtype=np.float64).reshape(2, 3),
    np.asfortranarray(np.ones((3, 2), np.int16)),
    np.zeros((), np.complex64),
    np.array([b"ab", b"c"]),
)

array_leaves = st.sampled_from(ARRAYS) | st.sampled_from([np.float32(2.5), np.int8(3)])

static_leaves = (
    st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.sampled_from([named_function, int, len, 1 + 2j])
)

leaves = array_leaves | static_leaves | st.none()

keys = st.text(max_size=4) | st.sampled_from(["kernel", "bias", "a.b", "it's", "\x1b[2J", "[0]"])


def _nested(children: st.SearchStrategy) -> st.SearchStrategy:
    names = st.sampled_from(["train", "test"])
    return st.one_of(
        st.lists(children, max_size=4),
        st.lists(children, max_size=3).map(tuple),
        st.dictionaries(keys, children, max_size=4),
        st.dictionaries(st.integers(-5, 5), children, max_size=3),
        st.dictionaries(keys, children, max_size=3).map(collections.OrderedDict),
        st.dictionaries(keys, children, max_size=3).map(
            lambda items: collections.defaultdict(list, items)
        ),
        st.builds(Pair, children, children),
        st.builds(Triple, children, children, children),
        st.builds(Registered, children, children, names),
        st.builds(Unregistered, children, names),
        st.builds(Layer, children, st.integers(0, 3), children),
        st.builds(Wrapped, children, st.integers(0, 3), children, names, children),
        # The same object twice: everything below it is shared.
        children.map(lambda child: [child, {"again": child}]),
    )


pytrees = st.recursive(leaves, _nested, max_leaves=12)
