"""What people keep in pytrees besides arrays, by name: importable, so that pickles name it."""

import collections
import dataclasses
import enum
import fractions
import functools
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import eqxcore as eqx


class Mode(enum.Enum):
    TRAIN = "train"
    TEST = 2


class Bits(enum.Flag):
    LOW = enum.auto()
    HIGH = enum.auto()


@dataclasses.dataclass(frozen=True)
class Frozen:
    size: int
    inner: Any


@dataclasses.dataclass
class Changing:
    inner: Any


class Plain:
    def __init__(self, inner):
        self.inner = inner


class Slotted:
    __slots__ = ("inner",)

    def __init__(self, inner):
        self.inner = inner


class MyDict(dict):
    pass


class MyList(list):
    pass


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class Settings:
    rate: float


def add(x, y):
    return x + y


jitted = jax.jit(add)


class Layer(eqx.Module):
    weight: Any
    mode: Any = eqx.field(static=True)

    def __call__(self, x):
        return x @ self.weight


ARRAY = jnp.arange(3.0)
LAYER = Layer(ARRAY, Mode.TRAIN)

HELD: dict[str, Any] = {
    "enum": [Mode.TRAIN, Mode.TEST, Bits.HIGH],
    "static enum": Layer(1, Mode.TEST),
    "frozen dataclass": [Frozen(1, ARRAY)],
    "dataclass": [Changing(ARRAY)],
    "plain object": [Plain(ARRAY), Plain([1, {"a": 2}])],
    "object with slots": [Slotted(3)],
    "subclass of dict": [MyDict(a=1)],
    "subclass of list": [MyList([1, ARRAY])],
    "registered as static": {"a": Settings(0.5), "b": ARRAY},
    "functions": [add, len, str, np.mean, jax.nn.relu, jax.nn.gelu, jnp.float32, Layer],
    "jitted function": [jitted],
    "partial": [functools.partial(add, 1)],
    "partial of a partial": [functools.partial(functools.partial(add, 1), y=ARRAY)],
    "partial of JAX": jax.tree_util.Partial(add, ARRAY, y=2),
    "sets": [{1, 2}, frozenset({"a"}), set(range(100)), set()],
    "counter": [collections.Counter("aab")],
    "ordered dict": collections.OrderedDict(b=1, a=2),
    "complex": [1 + 2j, -0.0, float("inf"), 10**400, True],
    "paths": [pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath("/"), pathlib.Path("/a/b")],
    "fractions": [fractions.Fraction(1, 2)],
    "bytearray": [bytearray(b"ab")],
    "long texts": ["x" * 300, b"y" * 300],
    "tuple keys": {("a", 1): 1, ("a", 2): 2},
    "number keys": {2.5: 1, -1: 2, True: 3},
    "keys of two kinds": {"a": 1, 2: 3},
    "bound method": [LAYER.__call__],
    "tree of Modules": eqx.nn.MLP(2, 3, 4, 2, key=jax.random.key(0)),
    "optimiser": optax.adamw(1e-3).init({"w": ARRAY}),
    "static array": Layer(ARRAY, (1, None, "a")),
    "nested static": Layer(ARRAY, Frozen(1, (2, 3))),
    "shared": [LAYER, LAYER, ARRAY],
}
