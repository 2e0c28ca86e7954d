"""Trees on eight devices, and what the placement report says of them, as JSON on stdout.

Run in a process of its own: the number of devices is settled when JAX starts, and the other
tests have one.
"""

import json
import os
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding

from eqxview import placement
from eqxview.inspect.node_detail import node_detail
from eqxview.inspect.placement.sharding_drawing import drawing_of
from eqxview.render.document_json import document_object
from eqxview.render.document_text import document_lines
from eqxview.tree.live import tree_of

MESH = jax.make_mesh((2, 4), ("data", "model"))


def sharded(shape, *spec, dtype=jnp.float32):
    return jax.device_put(jnp.zeros(shape, dtype), NamedSharding(MESH, PartitionSpec(*spec)))


def on(device, shape):
    return jax.device_put(jnp.zeros(shape), SingleDeviceSharding(jax.devices()[device]))


def takes_together(tree):
    """Whether one jitted call takes the arrays of `tree`: JAX's own word on it."""
    try:
        jax.jit(lambda tree: jax.tree_util.tree_map(lambda x: x[None], tree))(tree)
    except ValueError as error:
        if "ncompatible devices" not in str(error):
            raise
        return False
    return True


def cases():
    key_bits = jax.random.split(jax.random.key(0), 8)
    shared = sharded((8, 8), "data")
    return {
        "model": {
            "both": sharded((8, 16), "data", "model"),
            "keys": jax.device_put(key_bits, NamedSharding(MESH, PartitionSpec("model"))),
            "layers": [{"bias": sharded((16,)), "weight": sharded((4, 8), "data")}] * 1
            + [{"bias": sharded((16,), None), "weight": sharded((4, 8), "data", None)}],
        },
        "odd": {"layers": [on(0, (4,)) for _ in range(5)], "mean": on(3, (3,))},
        "mixed": {"a": sharded((8,), "data"), "b": on(1, (2,))},
        "pulled": {"free": jnp.zeros(4), "held": on(2, (4,))},
        "agreeing": {"free": jnp.zeros(4), "held": on(0, (4,))},
        "host": {"a": jnp.zeros(4), "b": np.zeros(6, np.float32)},
        "tied": {"a": shared, "b": shared},
        "three axes": {"a": sharded((2, 4, 8), None, "model", "data")},
        "empty axis": {"a": sharded((0, 8), None, "model"), "b": sharded((8, 8), None, "model")},
        "fused": {"a": sharded((16, 2), ("data", "model"))},
    }


def measured(tree):
    """Bytes of all shards on each device, as the arrays themselves have them."""
    sums = dict.fromkeys(map(str, range(8)), 0)
    for leaf in {id(leaf): leaf for leaf in jax.tree_util.tree_leaves(tree)}.values():
        if isinstance(leaf, jax.Array) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            for shard in leaf.addressable_shards:
                sums[str(shard.device.id)] += shard.data.nbytes
    return sums


def drawings(tree):
    facts = tree_of(tree)
    drawn = {facts.path(row): drawing_of(facts, row) for row in facts.leaves()}
    return {
        path: {"columns": [column.name for column in table.columns], "rows": table.rows}
        for path, table in drawn.items()
        if table is not None
    }


def main():
    answers = {}
    for name, tree in cases().items():
        report = placement(tree)
        answers[name] = {
            "document": document_object(report.document()),
            "bytes": dict(report.bytes_by_device),
            "replicated": report.replicated_bytes,
            "measured": measured(tree),
            "drawings": drawings(tree),
            "detail": document_object(node_detail(tree_of(tree), 1).document()),
            "text": list(document_lines(report.document(), width=100)),
            "takes_together": takes_together(tree),
        }
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
