"""What a call looks like to the cache of programs, as text and numbers: one row for each place.

Nothing of the call itself is kept: no array, no model, no function.
"""

import functools
import os
import types
from collections.abc import Hashable, Iterator
from typing import Any, Literal, NamedTuple

import jax
import jax.core
import jax.tree_util as jtu

from eqxcore._call_place import place_in_arguments
from eqxcore._predicates import is_array
from eqxcore._static_key import static_key
from eqxcore._trees import tree_pformat
from eqxcore._trees._mismatch import describe

Role = Literal["array", "static", "container", "setting"]

# A static value is recognised by its first words.
_LONGEST = 72

# What is not in the arguments and is in the key of every program all the same: public names.
_SETTINGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_default_device",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_threefry_partitionable",
    "jax_debug_nans",
    "jax_debug_infs",
)


class Row(NamedTuple):
    """One place in a call, and what is there."""

    path: str
    """As a user writes it: `model.layers[0].weight`, `<function>.weight`, `<config>.NAME`."""
    role: Role
    """An array is an argument of the program. What is static is part of it, as are containers and
    settings of JAX."""
    text: str
    """The dtype and shape of an array; the static value, in a few words; the class of a
    container."""
    key: Hashable
    """Tells apart what has one text: two functions of one name, two shardings."""
    type_name: str
    """The class of what is there. None is told for arrays: NumPy's share the programs of JAX's."""


Signature = dict[str, Row]
"""The rows by their paths, in the order of the call, the settings last."""


def signature_of(call: tuple[Any, tuple[Any, ...], dict[str, Any]]) -> Signature:
    """The signature of a call: (function, positional arguments, keyword arguments)."""
    function, args, kwargs = call
    rows: Signature = {}
    if not jtu.all_leaves([function]):
        rows.update(_rows("<function>", function))
    for index, value in enumerate(args):
        rows.update(_rows(place_in_arguments(function, (jtu.SequenceKey(index),)), value))
    for name, value in kwargs.items():
        rows.update(_rows(name, value))
    for name in _SETTINGS:
        if hasattr(jax.config, name):
            value = getattr(jax.config, name)
            rows[path] = Row(path := f"<config>.{name}", "setting", str(value), str(value), "")
    return rows


Types = tuple[tuple[tuple[int, ...], Any, bool], ...]
"""Shape, dtype and weak type of each array: what a function is traced for."""


def types_of(arrays: Any) -> Types:
    """What a function is traced for, given these arrays."""
    return tuple((aval.shape, aval.dtype, aval.weak_type) for aval in map(_type_of, arrays))


def _type_of(array: Any) -> Any:
    aval = jax.typeof(array)
    return jax.ShapeDtypeStruct(
        aval.shape, aval.dtype, weak_type=bool(getattr(aval, "weak_type", False))
    )


def _rows(path: str, value: Any) -> Iterator[tuple[str, Row]]:
    # Not recursive: trees may be deeper than Python's stack.
    waiting = [(path, value)]
    while waiting:
        path, node = waiting.pop()
        if is_array(node):
            yield path, _array_row(path, node)
        elif node is not None and jtu.all_leaves([node]):
            yield path, _static_row(path, node)
        else:
            children, data = _one_level(node)
            fields = getattr(data, "items", None)
            if isinstance(node, dict) or fields is None:
                own = _hash_of(data)
                fields = dict
            else:
                own = None
            yield path, _container_row(path, node, len(children), own)
            for name, field in fields():
                yield (below := f"{path}.{name}"), _static_row(below, field)
            waiting += [(path + jtu.keystr(key), child) for key, child in reversed(children)]


def _one_level(node: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The children with their keys, and the metadata."""
    pairs, treedef = jtu.tree_flatten_with_path(node, is_leaf=lambda below: below is not node)
    data = treedef.node_data()
    return pairs, None if data is None else data[1]


def _array_row(path: str, array: Any) -> Row:
    aval = _type_of(array)
    text = _array_text(aval.shape, aval.dtype, aval.weak_type)
    sharding: Any = None
    # Where an array lies matters once it was put there on purpose, or lies on several devices.
    if _is_put(array):
        sharding = array.sharding
        text = f"{text} on {_place_text(sharding)}"
    return Row(path, "array", text, _hash_of(sharding), "")


def _is_put(array: Any) -> bool:
    if not isinstance(array, jax.Array) or isinstance(array, jax.core.Tracer):
        return False
    return array.committed or len(array.sharding.device_set) > 1


@functools.lru_cache(maxsize=1024)
def _array_text(shape: tuple[int, ...], dtype: Any, weak_type: bool) -> str:
    struct = jax.ShapeDtypeStruct(shape, dtype, weak_type=weak_type)
    return tree_pformat(struct, struct_as_array=True)


def _place_text(sharding: Any) -> str:
    if isinstance(sharding, jax.sharding.SingleDeviceSharding):
        (device,) = sharding.device_set
        return f"{device.platform}:{device.id}"
    if isinstance(sharding, jax.sharding.NamedSharding):
        return f"{dict(sharding.mesh.shape)} as {sharding.spec}"
    return str(sharding)


def _static_row(path: str, value: Any) -> Row:
    return Row(path, "static", _static_text(value), _hash_of(value), type(value).__qualname__)


def _container_row(path: str, node: Any, length: int, own: Hashable) -> Row:
    cls = type(node)
    if node is None:
        return Row(path, "container", "None", None, "NoneType")
    text = cls.__qualname__
    if isinstance(node, dict):
        keys = ", ".join(map(_static_text, node))
        text, own = f"{text} of {keys or 'nothing'}", hash(keys)
    elif isinstance(node, (tuple, list)) and not hasattr(node, "_fields"):
        text = f"{text} of {length}"
    return Row(path, "container", _cut(text), (hash(cls), own), cls.__qualname__)


def _static_text(value: Any) -> str:
    if isinstance(value, types.FunctionType):
        # What it is called does not tell it from the one that was made before.
        code = value.__code__
        file = os.path.basename(code.co_filename)
        return _cut(f"{value.__name__} of {file}:{code.co_firstlineno}")
    try:
        return _cut(describe(value))
    except Exception:  # noqa: BLE001  of whoever wrote `__repr__`; its class says something, too
        return _cut(type(value).__qualname__)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _hash_of(value: Any) -> Hashable:
    """A number that is the same for values that one program serves."""
    try:
        return hash(static_key(value))
    except Exception:  # noqa: BLE001  of whoever wrote `__hash__`; then the text has to do
        return None
