"""What a reader should find in a file, taken from the live object by JAX itself."""

import dataclasses
import json
import os

import jax
import numpy as np


def of(pytree):
    """The leaves of `pytree` as JAX sees them, and its static fields."""
    return {
        "leaves": [
            {"path": jax.tree_util.keystr(path), **_leaf(leaf)}
            for path, leaf in jax.tree_util.tree_leaves_with_path(pytree)
        ],
        "static_fields": sorted(_static_fields(pytree, "")),
    }


def write(directory, pickled, expected):
    """Write the files, and what is expected of them into `expected.json` beside them."""
    for name, data in pickled.items():
        with open(os.path.join(directory, f"{name}.pkl"), "wb") as file:
            file.write(data)
    table = os.path.join(directory, "expected.json")
    known = {}
    if os.path.exists(table):
        with open(table, encoding="utf-8") as file:
            known = json.load(file)
    with open(table, "w", encoding="utf-8") as file:
        json.dump({**known, **expected}, file, indent=1, sort_keys=True)
        file.write("\n")


def _leaf(leaf):
    if isinstance(leaf, (jax.Array, np.ndarray, np.generic)):
        return {"role": "dynamic", "shape": list(leaf.shape), "dtype": str(leaf.dtype)}
    return {"role": "static leaf", "shape": None, "dtype": None}


def _static_fields(node, path):
    """Paths of the static fields of dataclasses that JAX looks into."""
    keyed, _ = jax.tree_util.tree_flatten_with_path(node, is_leaf=lambda x: x is not node)
    children = [(jax.tree_util.keystr(keys), child) for keys, child in keyed]
    if [child for _, child in children if child is node]:
        return
    if dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            is_static = field.metadata.get("static") or not field.metadata.get("pytree_node", True)
            if is_static and field.name in vars(node):
                yield f"{path}.{field.name}"
    for entry, child in children:
        yield from _static_fields(child, path + entry)
