"""Classes and functions whose lines are named in messages: new ones go to the end."""

from typing import Any

import jax

import eqxcore as eqx


class UnhashableStatic(eqx.Module):
    weight: jax.Array
    sizes: Any = eqx.field(static=True)


class StaticArray(eqx.Module):
    mean: jax.Array = eqx.field(static=True)


class Uninitialised(eqx.Module):
    weight: jax.Array
    bias: jax.Array

    def __init__(self, weight):
        self.weight = weight


class Undeclared(eqx.Module):
    weight: jax.Array

    def __init__(self, weight):
        self.weight = weight
        self.scale = 2.0


class OwnMethod(eqx.Module):
    call: Any

    def __init__(self):
        self.call = self.double

    def double(self, x):
        return 2 * x


class Abstract(eqx.Module):
    rate: eqx.AbstractVar[float]


class Concrete(Abstract):
    weight: jax.Array


@eqx.filter_jit
def checked_root(x):
    x = eqx.error_if(x, x < 0, "x must not be negative")
    return jax.numpy.sqrt(x)


class Converted(eqx.Module):
    rate: float = eqx.field(converter=float)


class NeedsKey(eqx.Module):
    layer: eqx.nn.Linear

    def __init__(self):
        self.layer = eqx.nn.Linear(3, 2)
