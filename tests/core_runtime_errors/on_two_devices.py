"""Programs on two devices, for `test_on_two_devices.py`: prints what came of each, as JSON."""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import json

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import eqxcore as eqx

if hasattr(jax, "shard_map"):
    shard_map = jax.shard_map
else:
    from jax.experimental.shard_map import shard_map

MESH = Mesh(np.array(jax.devices()), ("d",))
SPEC = PartitionSpec("d")
X = jax.device_put(jnp.arange(4.0), NamedSharding(MESH, SPEC))


def check(limit):
    def f(x):
        y = eqx.branched_error_if(x * 2, x > limit, jnp.int32(1), ["wrong", "too big"])
        # The other device waits here for the one on which the check failed.
        return y + 0 * jnp.sum(x) if x.shape == (4,) else y + 0 * jax.lax.psum(jnp.sum(x), "d")

    return f


def over_shards(f):
    return shard_map(f, mesh=MESH, in_specs=SPEC, out_specs=SPEC)


def outcome(run):
    try:
        result = run()
    except eqx.EquinoxRuntimeError as error:
        return str(error)
    return [None if np.isnan(value) else float(value) for value in np.ravel(result)]


passes, fails = check(10.0), check(2.0)
compiled = eqx.filter_jit(fails)
print(
    json.dumps(
        {
            "eager": outcome(lambda: fails(X)),
            "passes": outcome(lambda: eqx.filter_jit(passes)(X)),
            "fails": [outcome(lambda: compiled(X)) for _ in range(3)],
            "passes after": outcome(lambda: compiled(X - 2)),
            "shards pass": outcome(lambda: eqx.filter_jit(over_shards(passes))(X)),
            "shards fail": outcome(lambda: eqx.filter_jit(over_shards(fails))(X)),
            "ahead": outcome(lambda: compiled.lower(X).compile()(X)),
            "jit": outcome(lambda: jax.jit(fails)(X)),
            "is sharded": eqx.filter_jit(passes)(X).sharding.spec == SPEC,
        }
    )
)
