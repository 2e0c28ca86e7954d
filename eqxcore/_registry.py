"""Pytree registries of our own, in which everything that is not an array is structure.

In JAX's registry a string or a function is a leaf. In ours it is a node without leaves that
carries the value, so that one flatten in C++ *is* the partition into arrays and the rest: the
leaves are the arrays, and the treedef is the static half, ready to be compared and hashed.

| registry | a Module is |
|---|---|
| `INNER` | a node with its dynamic fields as children: used to look through a whole Module, once |
| `BOUNDARY` | one node with all its arrays as children, which it remembers: used at every call |
| `DISPATCH` | the same, with typed PRNG keys taken apart: for the C++ dispatch of `jax.jit` |

Without jaxlib's registry (see `_jax_internals`) there are none, and `AVAILABLE` is false.
"""

import enum
import functools
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from . import _jax_internals as internals
from ._predicates import is_array, known_array_types
from ._static_key import PartialKey, number_key

AVAILABLE = (
    internals.PyTreeRegistry is not None
    and internals.registered_nodes is not None
    and internals.ArrayImpl is not None
    and internals.key_array is not None
)


def _new_registry() -> Any:
    return internals.PyTreeRegistry(
        enable_none=True,
        enable_tuple=True,
        enable_namedtuple=True,
        enable_list=True,
        enable_dict=True,
    )


INNER: Any = None
BOUNDARY: Any = None
DISPATCH: Any = None
if AVAILABLE:
    INNER, BOUNDARY, DISPATCH = _new_registry(), _new_registry(), _new_registry()
    DISPATCH.register_node(*internals.key_array)  # type: ignore[misc]

_learning = threading.RLock()

# Types that have a place in our registries, or need none.
_known: set[type] = {list, dict, tuple, type(None)}

# Nodes whose contents cannot change, so that what was flattened once stays true.
_fixed: set[type] = {tuple, type(None)}


def register_module(
    cls: type,
    *,
    flatten: Callable[[Any], Any],
    unflatten: Callable[[Any, Any], Any],
    flatten_boundary: Callable[[Any], Any],
    unflatten_boundary: Callable[[Any, Any], Any],
) -> None:
    """Makes a Module class known to our registries."""
    if not AVAILABLE:
        return
    with _learning:
        INNER.register_node(cls, flatten, unflatten)
        BOUNDARY.register_node(cls, flatten_boundary, unflatten_boundary)
        DISPATCH.register_node(cls, flatten_boundary, unflatten_boundary)
        _known.add(cls)
        _fixed.add(cls)


def register_fixed_node(
    cls: type, flatten: Callable[[Any], Any], unflatten: Callable[[Any, Any], Any]
) -> None:
    """Makes a class of immutable nodes known to our registries."""
    if not AVAILABLE:
        return
    with _learning:
        _register(cls, flatten, unflatten)
        _fixed.add(cls)


def _register(cls: type, flatten: Callable[..., Any], unflatten: Callable[..., Any]) -> None:
    for registry in (INNER, BOUNDARY, DISPATCH):
        registry.register_node(cls, flatten, unflatten)
    _known.add(cls)


# What is static, and how. The value is the metadata of its node; two nodes are equal when their
# types are the same and their values are equal, so that 1, 1.0 and True are three.


def _flatten_static(value: Any) -> tuple[tuple[()], Any]:
    return (), value


def _unflatten_static(value: Any, children: Any) -> Any:
    return value


def _flatten_number(value: Any) -> tuple[tuple[()], Any]:
    # NaN is not equal to itself, and would be a new program at every call; 0.0 is equal to -0.0,
    # and would share its program.
    return (), number_key(value)


def _unflatten_number(cls: type) -> Callable[[Any, Any], Any]:
    return lambda value, children: cls(value) if type(value) is str else value


def _flatten_partial(value: Any) -> tuple[tuple[()], Any]:
    return (), PartialKey(value)


def _unflatten_partial(key: PartialKey, children: Any) -> Any:
    return key.partial


_FIXED_STATICS: tuple[type, ...] = (
    int,
    bool,
    str,
    bytes,
    type,
    type(Ellipsis),
    type(NotImplemented),
    range,
    slice,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    types.ModuleType,
    functools._lru_cache_wrapper,
    np.ufunc,
    np.dtype,
    type(np.dtype("float32")),
    type(jax.jit(lambda: None)),
    jax.custom_jvp,
    jax.custom_vjp,
)
if AVAILABLE:
    for _type in dict.fromkeys(_FIXED_STATICS):
        _register(_type, _flatten_static, _unflatten_static)
        _fixed.add(_type)
    for _type in (float, complex):
        _register(_type, _flatten_number, _unflatten_number(_type))
        _fixed.add(_type)
    _register(functools.partial, _flatten_partial, _unflatten_partial)
    _fixed.add(functools.partial)


class _Node:
    """Metadata of an object whose class turned out to be a node of JAX's after all."""

    __slots__ = ("data",)

    def __init__(self, data: Any) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Node) and bool(self.data == other.data)

    def __hash__(self) -> int:
        return hash(self.data)


def _register_object(cls: type) -> None:
    """Objects of a class we know nothing about: static, until JAX is told how to flatten them."""
    nodes = internals.registered_nodes
    assert nodes is not None

    def flatten(value: Any) -> tuple[Any, Any]:
        entry = nodes.get(cls)
        if entry is None:
            return (), value
        children, data = entry.to_iter(value)
        return children, _Node(data)

    def unflatten(data: Any, children: Any) -> Any:
        if type(data) is _Node:
            return nodes[cls].from_iter(data.data, children)
        return data

    _register(cls, flatten, unflatten)


def _learn(leaf: Any) -> bool:
    """Gives the type of a leaf that is no array its place; whether that was needed."""
    cls = type(leaf)
    if cls in _known or is_array(leaf):
        return False
    with _learning:
        if cls in _known:
            return True
        assert internals.registered_nodes is not None
        entry = internals.registered_nodes.get(cls)
        if entry is not None:
            _register(cls, entry.to_iter, entry.from_iter)
        elif isinstance(leaf, (type, enum.Enum)):
            # Members of an enumeration; classes that have a metaclass.
            _register(cls, _flatten_static, _unflatten_static)
            _fixed.add(cls)
        else:
            _register_object(cls)
    return True


def known_count() -> int:
    """How many types have a place in our registries; it only grows."""
    return len(_known)


def flatten(registry: Any, pytree: Any) -> tuple[list[Any], Any]:
    """The arrays of `pytree`, and a treedef that holds everything else."""
    while True:
        leaves, treedef = registry.flatten(pytree)
        if known_array_types.keys() >= set(map(type, leaves)):
            return leaves, treedef
        # All of them are learnt before the next try, hence the list.
        if not any([_learn(leaf) for leaf in leaves]):  # noqa: C419
            return leaves, treedef


class Structure(NamedTuple):
    """The structure of a whole Module, as it stands in the treedef of a call.

    A tuple, since comparing two of them then asks first whether they hold the same treedef: to
    compare the treedefs of a model of 200 arrays takes 5 us, at every call.
    """

    fingerprint: int
    """A hash of the static values, which jaxlib leaves out of the hash of a treedef. It comes
    first: two Modules that differ in static values only are told apart without looking further."""
    treedef: Any
    is_fixed: bool
    """Whether nothing inside could be changed in place."""
    is_watchable: bool
    """Whether what could be changed is lists and dicts, of which it can be told."""


# Bounded, since a treedef keeps its static values alive.
_structures: dict[Any, Structure] = {}
_MOST_STRUCTURES = 256


def structure_of(treedef: Any) -> Structure:
    """The structure with this treedef: mostly the same object for equal ones."""
    try:
        known = _structures.get(treedef)
    except (TypeError, ValueError):
        # Something static in it does not compare, an array say. Then nothing is remembered.
        return Structure(0, treedef, is_fixed=False, is_watchable=False)
    if known is None:
        known = _new_structure(treedef)
        if len(_structures) >= _MOST_STRUCTURES:
            _structures.clear()
        _structures[treedef] = known
    return known


def _new_structure(treedef: Any) -> Structure:
    nodes = list(_nodes(treedef))
    others = {cls for cls, _ in nodes} - _fixed
    others = {cls for cls in others if not (issubclass(cls, tuple) and hasattr(cls, "_fields"))}
    return Structure(
        hash(tuple(_hash_or_zero(data) for _, data in nodes)),
        treedef,
        is_fixed=not others,
        is_watchable=others <= {list, dict},
    )


def _nodes(treedef: Any) -> Iterator[tuple[type, Any]]:
    """The class and the metadata of every node."""
    data = treedef.node_data()
    if data is None:
        return
    yield data
    for child in treedef.children():
        yield from _nodes(child)


def _hash_or_zero(data: Any) -> int:
    try:
        # Static fields explain at length what does not hash, when they are asked themselves.
        return tuple.__hash__(data) if isinstance(data, tuple) else hash(data)
    except TypeError:
        return 0


def _is_list_or_dict(node: Any) -> bool:
    return type(node) is list or type(node) is dict


def lists_and_dicts(pytree: Any) -> list[Any]:
    """All lists and dicts in a pytree whose structure is watchable, each once."""
    found: dict[int, Any] = {}
    inside = [pytree]
    while inside:
        parts, _ = INNER.flatten(inside.pop(), _is_list_or_dict)
        for part in filter(_is_list_or_dict, parts):
            if id(part) not in found:
                found[id(part)] = part
                inside += part if type(part) is list else part.values()
    return list(found.values())
