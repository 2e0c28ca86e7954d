"""Calls on four devices, and what a watch said of each, as JSON on stdout.

Run in a process of its own: the number of devices is settled when JAX starts, and the other
tests have one.
"""

import json
import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
from jax.experimental import layout
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding
from watched import causes_of

# Named otherwise before JAX 0.7.
Format, Layout = layout.Format, getattr(layout, "DeviceLocalLayout", layout.Layout)

MESH = jax.make_mesh((2,), ("d",), axis_types=(jax.sharding.AxisType.Auto,))
DEVICES = jax.devices()
FIRST = SingleDeviceSharding(DEVICES[0])
ARRAY = jnp.ones((4, 4))


def put(place):
    return jax.device_put(ARRAY, place)


def named(*spec):
    return put(NamedSharding(MESH, PartitionSpec(*spec)))


def other_memory():
    kinds = {memory.kind for memory in DEVICES[0].addressable_memories()} - {FIRST.memory_kind}
    # JAX 0.6 knows one kind of memory on a CPU.
    return put(FIRST.with_memory_kind(sorted(kinds)[0])) if kinds else None


OTHER_MEMORY = other_memory()
PAIRS = {
    "device": (put(FIRST), put(DEVICES[1])),
    "mesh of two": (put(FIRST), named("d")),
    "sharding": (named(), named("d")),
    "layout": (put(Format(Layout((0, 1)), FIRST)), put(Format(Layout((1, 0)), FIRST))),
    **({"memory": (put(FIRST), OTHER_MEMORY)} if OTHER_MEMORY is not None else {}),
    "the same sharding": (named("d"), named("d")),
    "the same sharding in other words": (named("d"), named("d", None)),
    "another type in other words": (named("d"), named("d", None).astype(jnp.int32)),
}

answers = {}
for name, (first, second) in PAIRS.items():
    step = jax.jit(lambda x: x + 1)
    answers[name] = sorted(
        causes_of(lambda step=step, x=first: step(x), lambda step=step, x=second: step(x))[1]
    )
print(json.dumps(answers))
