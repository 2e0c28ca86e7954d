"""What no recogniser knows better: one node by its name, with what the file holds of it inside."""

from collections.abc import Sequence

from eqxview.readers.described.descriptions import Call
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import arguments_of
from eqxview.readers.pickle.recognise.state import attribute_children, item_children
from eqxview.tree.key_path import attribute_entry
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.value_text import MAX_VALUE_TEXT, named_text, primitive_text
from eqxview.tree.walk import Child, Sight

_MAX_ARGUMENTS = 8
"""Arguments shown in one line, e.g. `Fraction(1, 2)`."""


def opaque_sight(
    call: Call,
    type_name: tuple[str, str],
    context: Context,
    *,
    is_leaf: bool | None,
    kind: Kind = Kind.OPAQUE,
    hashing: Hashing = Hashing.UNKNOWN,
    order: Sequence[str] = (),
) -> Sight:
    """An object by its class, its items and attributes inside.

    `order` are the names of attributes that come first. Simple arguments are shown in its line,
    as `Fraction(1, 2)`.
    """
    children: list[Child] = []
    if context.inside_left > 0:
        children = _inside(call, order)
        context.inside_left -= len(children)
    text = None
    if not children:
        text = _call_text(type_name[0], call) or named_text("object", type_name[0])
    return Sight(
        kind,
        type_name,
        is_leaf=is_leaf,
        children=children,
        text=text,
        hashing=hashing,
        flags=Flag.UNREGISTERED if children and is_leaf else 0,
    )


def unnamed(call: Call, context: Context) -> Sight:
    """What a function without a name has made: a file may call the result of a call."""
    return opaque_sight(call, ("object", "object"), context, is_leaf=None)


def _inside(call: Call, order: Sequence[str]) -> list[Child]:
    children = [*_argument_children(call), *item_children(call)]
    attributes = list(attribute_children(call))
    if order:
        place = {attribute_entry(name): index for index, name in enumerate(order)}
        attributes.sort(key=lambda child: place.get(str(child.entry), len(place)))
    return children + attributes


def _argument_children(call: Call) -> list[Child]:
    """The arguments, unless the line shows them or they say nothing."""
    arguments = arguments_of(call)
    children: list[Child] = []
    if type(call.arguments) is not tuple:
        children.append(Child(attribute_entry("__args__"), call.arguments))
    elif call.how == "new":
        # The items of a tuple, mostly: of a namedtuple whose fields have no known names.
        children += [Child(index, item) for index, item in enumerate(arguments)]
    elif arguments and _texts(arguments) is None:
        children.append(Child(attribute_entry("__args__"), arguments))
    if call.keywords is not None and call.keywords.pairs:
        children.append(Child(attribute_entry("__kwargs__"), call.keywords))
    return children


def _call_text(name: str, call: Call) -> str | None:
    arguments = arguments_of(call)
    if call.how == "new" or not arguments:
        return None
    texts = _texts(arguments)
    return None if texts is None else f"{name}({', '.join(texts)})"


def _texts(arguments: tuple[object, ...]) -> list[str] | None:
    """The arguments in words, if they are few and simple enough for one line."""
    if len(arguments) > _MAX_ARGUMENTS:
        return None
    texts = ["None" if item is None else primitive_text(item) for item in arguments]
    known = [text for text in texts if text is not None]
    if len(known) < len(texts) or sum(map(len, known)) > MAX_VALUE_TEXT:
        return None
    return known
