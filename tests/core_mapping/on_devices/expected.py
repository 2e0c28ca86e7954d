"""What the cases need: a mesh, shardings, arrays, and an exception with its message."""

import contextlib
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P


@functools.cache
def mesh():
    return Mesh(np.array(jax.devices()), ("batch",))


@functools.cache
def square():
    return Mesh(np.array(jax.devices()).reshape(2, 2), ("x", "y"))


def split():
    return NamedSharding(mesh(), P("batch"))


def everywhere():
    return NamedSharding(mesh(), P())


def eight():
    return jnp.arange(8.0)


def is_at(array, sharding):
    return array.sharding.is_equivalent_to(sharding, array.ndim)


@contextlib.contextmanager
def raises(kind, *parts):
    """An exception of this kind must come, with these texts in what it says, in this order."""
    try:
        yield
    except kind as error:
        message, place = "\n".join([str(error), *getattr(error, "__notes__", [])]), 0
        for part in parts:
            place = message.find(part, place)
            assert place >= 0, f"{part!r} is not, or not there, in: {message}"
        return
    raise AssertionError(f"no {kind.__name__} was raised")
