"""A user's training script: run as `__main__`, it pickles a model of a class of its own.

    python script.py DIRECTORY

Its classes stand in no importable module. cloudpickle keeps them by value; plain pickle only
writes `__main__.Model` down.
"""

import collections
import enum
import functools
import pickle
import sys
from typing import Any, NamedTuple

import cloudpickle
import equinox as eqx
import expectation
import jax
import jax.numpy as jnp


class Mode(enum.Enum):
    TRAIN = "train"
    TEST = "test"


class Scale(NamedTuple):
    mean: Any
    deviation: Any


def squash(x):
    return x / (1 + abs(x))


class Block(eqx.Module):
    linear: eqx.nn.Linear
    scale: Scale
    mode: Mode = eqx.field(static=True)
    width: int = eqx.field(static=True)

    def __init__(self, width, key):
        # Not in the order of their declaration: a pickle keeps the order of assignment.
        self.width = width
        self.mode = Mode.TRAIN
        self.scale = Scale(jnp.zeros(width), jnp.ones(width))
        self.linear = eqx.nn.Linear(width, width, key=key)


class Model(Block):
    activation: Any
    extra: Any = None
    name: str = eqx.field(static=True, default="model")

    def __init__(self, width, activation, key):
        super().__init__(width, key)
        self.activation = activation


def main(directory):
    # cloudpickle writes down where `namedtuple` comes from: not the place on this machine.
    collections.__file__ = "/usr/lib/python3.11/collections/__init__.py"
    collections.__path__ = ["/usr/lib/python3.11/collections"]
    model = Model(3, squash, jax.random.PRNGKey(0))
    wrapped = [Model(3, functools.partial(squash), jax.random.PRNGKey(1))]
    wrapped.append(lambda x: x * model.scale.mean)
    pickled = {
        "script_by_reference": pickle.dumps(model),
        "script_by_value": cloudpickle.dumps(model),
        "script_functions": cloudpickle.dumps(wrapped),
    }
    expected = {
        "script_by_reference": expectation.of(model),
        "script_by_value": expectation.of(model),
        "script_functions": expectation.of(wrapped),
    }
    expectation.write(directory, pickled, expected)


if __name__ == "__main__":
    main(sys.argv[1])
