"""What an object in a file holds: its attributes, as BUILD was given them."""

from collections.abc import Iterator

from eqxview.readers.described.descriptions import NO_STATE, Call, DictItems
from eqxview.readers.pickle.recognise.keys import key_text
from eqxview.tree.key_path import attribute_entry
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child

MAX_ATTRIBUTES = 2_000
"""Attributes of one object: with more, its state is shown as the dict that it is.

Many objects may share one state, each of them shown in one row: what it takes to look at a
state must not grow with the file.
"""


def attributes_of(call: Call) -> dict[str, object] | None:
    """The attributes by name, those in slots after those in the dict.

    `None` where the state is of another shape: the class then has its own way of taking it.
    """
    state = call.state
    if state is NO_STATE or state is None:
        return {}
    parts = state if type(state) is tuple and len(state) == 2 else (state,)
    attributes: dict[str, object] = {}
    for part in parts:
        if part is None:
            continue
        if type(part) is not DictItems or len(part.pairs) > MAX_ATTRIBUTES:
            return None
        for key, value in part.pairs:
            if type(key) is not str:
                return None
            attributes[key] = value
    return attributes


def attribute_children(call: Call) -> Iterator[Child]:
    """Everything in the state as children, whatever its shape."""
    attributes = attributes_of(call)
    if attributes is None:
        yield Child(attribute_entry("__state__"), call.state)
        return
    for name, value in attributes.items():
        yield Child(attribute_entry(sanitise(name)), value)


def item_children(call: Call) -> Iterator[Child]:
    """What APPENDS and SETITEMS put into the object."""
    for index, item in enumerate(call.items or ()):
        yield Child(index, item)
    for key, value in call.pairs or ():
        yield Child(f"[{key_text(key)}]", value)
