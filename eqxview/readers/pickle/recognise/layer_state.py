"""`nn.State` of eqxcore and of Equinox: what layers keep from call to call."""

from eqxview.readers.described.descriptions import Call, DictItems
from eqxview.readers.pickle.recognise.by_value import class_of
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.keys import OrderedItems, key_text
from eqxview.readers.pickle.recognise.state import attributes_of
from eqxview.tree.key_path import flat_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child, Sight


def eqxcore_state(call: Call, context: Context) -> Sight | None:
    """A value for each index, by the index's path in the model, in the order of the file."""
    if call.how != "new" or type(call.state) is not DictItems:
        return None
    ordered = OrderedItems(call.state.pairs, keep_order=True)
    children = [Child(f"[{_marker_text(key)}]", value) for key, value in ordered.items]
    return _sight(call, context, children, tuple(ordered.notes))


def equinox_state(call: Call, context: Context) -> Sight | None:
    """The values by number, as JAX names them; `None` for a state that was used up."""
    values = (attributes_of(call) or {}).get("_state")
    if call.how != "new" or type(values) is not DictItems:
        return None
    ordered = OrderedItems(values.pairs, keep_order=True)
    children = [Child(flat_entry(i), value) for i, (_, value) in enumerate(ordered.items)]
    named = [(i, key) for i, (key, _) in enumerate(ordered.items) if type(key) is str]
    of = ", ".join(f"{flat_entry(i)} is of {sanitise(key)}" for i, key in named[:_MOST_NAMED])
    more = f", and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else ""
    # The paths are JAX's, which knows no names here; what a number stands for is said beside it.
    notes = (*ordered.notes, *((of + more,) if named else ()))
    return _sight(call, context, children, notes)


_MOST_NAMED = 8
"""Values of a state whose names are told."""


def _marker_text(marker: object) -> str:
    """The repr of a marker: a string, or an object that keeps where its index is."""
    if type(marker) is not Call:
        return key_text(marker)
    path = (attributes_of(marker) or {}).get("path")
    return f"<unnamed, {sanitise(path)}>" if type(path) is str else "<unnamed>"


def _sight(
    call: Call, context: Context, children: list[Child], notes: tuple[str, ...]
) -> Sight | None:
    name = class_of(call)
    if name is None:
        return None
    return Sight(
        Kind.PYTREE,
        context.type_name(*name),
        is_leaf=False,
        children=children,
        hashing=Hashing.UNKNOWN,
        notes=notes,
    )
