"""Live objects of every other class that is registered with `jax.tree_util`."""

import dataclasses
import sys
from typing import Any

from eqxview.tree.key_path import attribute_entry, flat_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.live.handler import ClassNames
from eqxview.tree.live.value_repr import key_text
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child, Sight, Standing


class RegisteredHandler:
    """Classes registered as pytree nodes, by whatever library."""

    def __init__(self, names: ClassNames) -> None:
        self._names = names

    def recognises(self, cls: type) -> bool:
        """Whether JAX would flatten an object of this class."""
        # A registry only exists where JAX is imported.
        if (tree_util := sys.modules.get("jax.tree_util")) is None:
            return False
        return _is_registered(tree_util, cls)

    def look(self, value: Any) -> Sight:
        """The children as JAX names them; of a dataclass, its static fields too."""
        tree_util = sys.modules["jax.tree_util"]
        cls = type(value)
        keyed, structure = tree_util.tree_flatten_with_path(
            value, is_leaf=lambda node: node is not value
        )
        children = [Child(_entry(keys[0]), child) for keys, child in keyed]
        kind = Kind.PYTREE
        hashing = Hashing.UNKNOWN
        data = structure.node_data()
        if not children and data is not None and data[1] is value:
            # By `jax.tree_util.register_static`: it is hashed as a whole, in its own way, and
            # what it holds need not hash.
            kind = Kind.DATACLASS if dataclasses.is_dataclass(value) else Kind.PYTREE
            hashing = _own_hashing(cls)
            children = _held(value)
        elif dataclasses.is_dataclass(value):
            kind = Kind.DATACLASS
            children = _with_static_fields(value, children)
        elif cls is tree_util.Partial:
            children.insert(0, Child(".func", value.func, Standing.STATIC))
            kind = Kind.PARTIAL
        return Sight(kind, self._names[cls], is_leaf=False, children=children, hashing=hashing)


def _own_hashing(cls: type) -> Hashing:
    if cls.__hash__ is None:
        return Hashing.UNHASHABLE
    return Hashing.BY_IDENTITY if cls.__hash__ is object.__hash__ else Hashing.BY_VALUE


def _held(value: Any) -> list[Child]:
    """The fields of a dataclass that is static as a whole."""
    if not dataclasses.is_dataclass(value):
        return []
    return [
        Child(attribute_entry(sanitise(field.name)), getattr(value, field.name), Standing.INSIDE)
        for field in dataclasses.fields(value)
        if hasattr(value, field.name)
    ]


def _is_registered(tree_util: Any, cls: type) -> bool:
    # No public function answers this for a class; for an object, a leaf is its own only leaf.
    # `object.__new__` would not do for every class, so the registry itself is asked.
    from jax._src import tree_util as private

    return cls in private._registry


def _entry(key: Any) -> str | int:
    """The entry of one JAX key."""
    match type(key).__name__:
        case "SequenceKey":
            return key.idx
        case "DictKey":
            return f"[{key_text(key.key)}]"
        case "GetAttrKey":
            return attribute_entry(sanitise(key.name))
        case "FlattenedIndexKey":
            return flat_entry(key.key)
    return sanitise(str(key))


def _with_static_fields(value: Any, children: list[Child]) -> list[Child]:
    """The children with the static fields between them, in the order of declaration."""
    by_entry = {child.entry: child for child in children}
    merged: list[Child] = []
    for field in dataclasses.fields(value):
        entry = attribute_entry(sanitise(field.name))
        if entry in by_entry:
            merged.append(by_entry[entry])
        elif hasattr(value, field.name):
            merged.append(Child(entry, getattr(value, field.name), Standing.STATIC))
    dynamic = [child for child in merged if child.standing == Standing.CHILD]
    if dynamic == children:
        return merged
    # Registered in another order than declared: the order of JAX wins, static fields follow.
    return children + [child for child in merged if child.standing == Standing.STATIC]
