"""What is in a pytree, by key path: all that a file of leaves does not say.

A manifest is a list of nodes in the order of the pytree, a parent before its children. Each is
a dict of what JSON has, so that anyone can read it:

| key | of | holds |
|---|---|---|
| `parent` | all but the root | the place of its parent in the list |
| `entry` | all but the root | the last step of its key path: `.weight`, `[0]`, `['bias']` |
| `kind` | all | a word of `KINDS` |
| `class` | all but `none` | module and name of its class |
| `dtype`, `shape`, `weak` | `array`, `key` | what it is; `weak` only if it is weakly typed |
| `impl` | `key` | the implementation of the keys |
| `text` | `number`, `leaf`, `static` | its value (see `_static_text.py`) |
| `form` | `leaf`, `static` | `function` or `class`, whose `text` is its name; `value`, `object` |
| `offset`, `length`, `sha256` | what has a record | where that is, and a hash of all of it |
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

from eqxcore._predicates import is_array
from eqxcore._pytree import PyTree
from eqxcore._trees._key_path import children_of

from ._npy import is_key, key_impl
from ._static_text import class_name, form_of, static_text

KINDS = frozenset(
    {
        "array",  # an array, with a record
        "key",  # typed PRNG keys, with a record of their bits
        "number",  # a Python number, with a record
        "leaf",  # any other leaf
        "static",  # a static field
        "none",
        "list",
        "tuple",
        "namedtuple",
        "dict",
        "module",  # a dataclass that is a node
        "node",  # any other node
    }
)
RECORDED = frozenset({"array", "key", "number"})
"""The kinds that have a record."""

Node = dict[str, Any]


def describe(
    pytree: PyTree, is_leaf: Callable[[Any], bool] | None = None
) -> tuple[list[Node], list[tuple[Node, Any]]]:
    """The nodes of `pytree`, and its leaves in the order of JAX, each with its node."""
    nodes: list[Node] = []
    leaves: list[tuple[Node, Any]] = []
    # One iterator for each level that we are in: a pytree may be deeper than Python's stack.
    waiting = [iter([("", pytree, False)])]
    places = [-1]
    while waiting:
        for entry, value, is_static in waiting[-1]:
            node: Node = {} if places[-1] < 0 else {"parent": places[-1], "entry": entry}
            nodes.append(node)
            if is_static:
                node.update({"kind": "static", "class": class_name(type(value))})
                node.update({"text": static_text(value), "form": form_of(value)})
                continue
            cut = is_leaf is not None and is_leaf(value)
            if value is None and not cut:
                node["kind"] = "none"
                continue
            if cut or jtu.all_leaves([value]):
                node.update(_of_leaf(value))
                leaves.append((node, value))
                continue
            node.update({"kind": _kind_of_node(value), "class": class_name(type(value))})
            waiting.append(iter(_fields_and_children(value)))
            places.append(len(nodes) - 1)
            break
        else:
            waiting.pop()
            places.pop()
    return nodes, leaves


def _of_leaf(value: Any) -> Node:
    node: Node = {"kind": "leaf", "class": class_name(type(value))}
    if isinstance(value, (bool, int, float, complex)):
        node["kind"] = "number"
        node["text"] = repr(value)
    elif is_array(value) or isinstance(value, jax.ShapeDtypeStruct):
        is_of_jax = isinstance(value, (jax.Array, jax.ShapeDtypeStruct))
        if is_of_jax:
            # Not the class that JAX has for them, which is another one in each of its versions.
            node["class"] = "jax.Array"
        node.update({"kind": "array", "dtype": str(value.dtype), "shape": list(value.shape)})
        if is_of_jax and is_key(value):
            node.update({"kind": "key", "impl": key_impl(value)})
        if getattr(value, "weak_type", False):
            node["weak"] = True
    else:
        node.update({"text": static_text(value), "form": form_of(value)})
    return node


def _kind_of_node(value: Any) -> str:
    if isinstance(value, tuple):
        return "namedtuple" if hasattr(value, "_fields") else "tuple"
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return "dict"
    return "module" if dataclasses.is_dataclass(value) else "node"


def _fields_and_children(value: Any) -> list[tuple[str, Any, bool]]:
    """(entry, value, whether it is static), of a dataclass in the order of its declaration."""
    children = [(entry, child, False) for entry, child in children_of(value)]
    if not dataclasses.is_dataclass(value):
        return children
    statics = [
        (f".{field.name}", getattr(value, field.name), True)
        for field in dataclasses.fields(value)
        if field.metadata.get("static", False) and hasattr(value, field.name)
    ]
    if not statics:
        return children
    order = {f".{field.name}": place for place, field in enumerate(dataclasses.fields(value))}
    return sorted(children + statics, key=lambda child: order.get(child[0], len(order)))


def paths_of(nodes: list[Node]) -> list[str]:
    """The key path of each node."""
    paths: list[str] = []
    for node in nodes:
        paths.append(paths[node["parent"]] + node["entry"] if "parent" in node else "")
    return paths
