"""Nodes of Flax, whose children no class declaration tells."""

from eqxview.readers.pickle.descriptions import Call, DictItems
from eqxview.readers.pickle.recognise.containers import plain_dict
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import Name, arguments_of, name_of
from eqxview.readers.pickle.recognise.state import attributes_of
from eqxview.tree.key_path import attribute_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child, Sight, Standing


def frozen_dict(call: Call, context: Context) -> Sight | None:
    """`FrozenDict({...})`: its items, sorted as JAX sorts a dict's."""
    arguments = arguments_of(call)
    if len(arguments) != 1 or type(arguments[0]) is not DictItems:
        return None
    name = name_of(call.function) or Name("flax.core.frozen_dict", "FrozenDict")
    return _mapping(arguments[0], context.type_name(*name))


def nnx_state(call: Call, context: Context) -> Sight | None:
    """`nnx.State`: the items of its mapping."""
    mapping = (attributes_of(call) or {}).get("_mapping")
    name = name_of(call.function)
    if type(mapping) is not DictItems or name is None:
        return None
    return _mapping(mapping, context.type_name(*name))


def nnx_variable(call: Call, context: Context) -> Sight | None:
    """`nnx.Param` and every other `nnx.Variable`, a user's own too: known by what it keeps."""
    attributes = attributes_of(call) or {}
    if "_var_metadata" not in attributes:
        return None
    for key in ("_raw_value", "raw_value", "value"):
        if key in attributes:
            break
    else:
        return None
    name = name_of(call.function) or Name("flax.nnx.variablelib", "Variable")
    return Sight(
        Kind.PYTREE,
        context.type_name(*name),
        is_leaf=False,
        children=[Child(attribute_entry("value"), attributes[key])],
        hashing=Hashing.UNKNOWN,
    )


def nnx_object(call: Call, context: Context) -> Sight | None:
    """`nnx.Module` and its like, which keep a list of the attributes that are data."""
    attributes = attributes_of(call) or {}
    listed = attributes.get("_pytree__nodes")
    name = name_of(call.function)
    if type(listed) is not DictItems or name is None:
        return None
    data = {key for key, is_data in listed.pairs if type(key) is str and is_data is True}
    names = sorted(name for name in attributes if not name.startswith("_pytree__"))
    children = [
        Child(
            attribute_entry(sanitise(name)),
            attributes[name],
            Standing.CHILD if name in data else Standing.STATIC,
        )
        for name in names
    ]
    children.sort(key=lambda child: child.standing)
    return Sight(
        Kind.PYTREE,
        context.type_name(*name),
        is_leaf=False,
        children=children,
        hashing=Hashing.UNKNOWN,
    )


def _mapping(items: DictItems, type_name: tuple[str, str]) -> Sight:
    sight = plain_dict(items)
    return Sight(
        Kind.PYTREE,
        type_name,
        is_leaf=False,
        children=sight.children,
        hashing=Hashing.UNKNOWN,
        notes=sight.notes,
    )
