"""Classes and functions that pickles of the tests name: at module level, and importable."""

import functools
from typing import Any

import jax

import eqxcore as eqx


class Model(eqx.Module):
    weight: Any
    act: Any = jax.nn.relu
    size: Any = eqx.field(static=True, default=2)

    def scaled(self, factor):
        return self.weight * factor

    @eqx.filter_jit
    def jitted(self, x):
        return self.weight + x


class Slow(eqx.Module):
    """Its `__init__` must not run when it is loaded."""

    a: Any

    def __init__(self, a, *, required):
        self.a = a + required

    def __check_init__(self):
        assert isinstance(self.a, int)


@jax.jit
def jitted(x):
    return x


@jax.custom_jvp
def custom(x):
    return x


@eqx.filter_jit
def filtered(x):
    return x


def plain(x):
    return x


@functools.lru_cache
def wrapped(x):
    return x
