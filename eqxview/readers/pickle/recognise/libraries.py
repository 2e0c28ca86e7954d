"""Nodes of Flax, whose children no class declaration tells."""

from eqxview.readers.described.descriptions import Call, DictItems
from eqxview.readers.pickle.recognise.by_value import class_of
from eqxview.readers.pickle.recognise.containers import plain_dict
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import Name, arguments_of
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
    name = class_of(call) or Name("flax.core.frozen_dict", "FrozenDict")
    return _mapping(arguments[0], context.type_name(*name))


def nnx_state(call: Call, context: Context) -> Sight | None:
    """`nnx.State`: the items of its mapping. Its module has moved with every version."""
    name = class_of(call)
    if name is None or name.name != "State" or not name.module.startswith("flax."):
        return None
    mapping = (attributes_of(call) or {}).get("_mapping")
    return _mapping(mapping, context.type_name(*name)) if type(mapping) is DictItems else None


def nnx_variable(call: Call, context: Context) -> Sight | None:
    """`nnx.Param` and every other `nnx.Variable`, a user's own too: known by what it keeps."""
    name = class_of(call)
    if name is None:
        return None
    attributes = attributes_of(call) or {}
    key = next((key for key in _VARIABLE_VALUES if key in attributes), None)
    is_state = name.name == "VariableState" and name.module.startswith("flax.")
    if key is None or not (is_state or "_var_metadata" in attributes):
        return None
    # JAX calls the child by what the flattening function of the day said.
    entry = "raw_value" if name.module.startswith(_EARLY_NNX) else "value"
    return Sight(
        Kind.PYTREE,
        context.type_name(*name),
        is_leaf=False,
        children=[Child(attribute_entry(entry), attributes[key])],
        hashing=Hashing.UNKNOWN,
    )


_VARIABLE_VALUES = ("_raw_value", "raw_value", "value")
_EARLY_NNX = ("flax.nnx.nnx.", "flax.experimental.nnx.")


def nnx_object(call: Call, context: Context) -> Sight | None:
    """`nnx.Module` and its like, which keep a list of the attributes that are data."""
    attributes = attributes_of(call) or {}
    is_data = _data_attributes(attributes.get("_pytree__nodes"))
    name = class_of(call)
    if is_data is None or name is None:
        return None
    shown = [key for key in attributes if not key.startswith("_pytree__")]
    # The order of nnx: items of its lists and dicts by number, then names; static ones last.
    shown.sort(key=lambda key: (not is_data.get(key), not key.isdecimal(), _number(key), key))
    return Sight(
        Kind.PYTREE,
        context.type_name(*name),
        is_leaf=False,
        children=[
            Child(
                _number(key) if key.isdecimal() else attribute_entry(sanitise(key)),
                attributes[key],
                Standing.CHILD if is_data.get(key) else Standing.STATIC,
            )
            for key in shown
        ],
        hashing=Hashing.UNKNOWN,
    )


def _data_attributes(listed: object) -> dict[str, bool] | None:
    """Which attributes are data, by name: a dict, or one in Flax's hashable wrapping."""
    if type(listed) is Call:
        listed = (attributes_of(listed) or {}).get("_mapping")
    if type(listed) is not DictItems:
        return None
    return {key: value is True for key, value in listed.pairs if type(key) is str}


def _number(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 10 else 0


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
