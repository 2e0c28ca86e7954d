"""Containers in a file: plain ones, and those of `collections` that a call makes."""

from eqxview.readers.described.descriptions import Call, DictItems, SetItems
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.keys import OrderedItems, key_text
from eqxview.readers.pickle.recognise.names import arguments_of
from eqxview.tree.containers import dict_sight
from eqxview.tree.key_path import key_entry
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.value_text import preview_text, primitive_text
from eqxview.tree.walk import Child, Sight

DICT = ("dict", "builtins.dict")
ORDERED_DICT = ("OrderedDict", "collections.OrderedDict")
DEFAULT_DICT = ("defaultdict", "collections.defaultdict")


def plain_dict(description: DictItems) -> Sight:
    """A dict: its items in the order of JAX."""
    return _dict_sight(description.pairs, DICT, keep_order=False)


def plain_set(description: SetItems) -> Sight:
    """A set, which JAX does not flatten; a small one with its items."""
    name = "frozenset" if description.is_frozen else "set"
    return set_sight(description.items, name)


def ordered_dict(call: Call, context: Context) -> Sight | None:
    """`OrderedDict`: JAX keeps its order."""
    if call.items or (pairs := _pairs(call, skip=0)) is None:
        return None
    return _dict_sight(pairs, ORDERED_DICT, keep_order=True)


def default_dict(call: Call, context: Context) -> Sight | None:
    """`defaultdict`: JAX sorts its keys as a dict's."""
    if call.items or (pairs := _pairs(call, skip=1)) is None:
        return None
    return _dict_sight(pairs, DEFAULT_DICT, keep_order=False)


def _pairs(call: Call, *, skip: int) -> list[tuple[object, object]] | None:
    """The pairs of the one dict that the class may be called with, then those set later."""
    pairs: list[tuple[object, object]] = []
    arguments = arguments_of(call)[skip:]
    if len(arguments) > 1:
        return None
    for argument in arguments:
        if type(argument) is DictItems:
            pairs += argument.pairs
        elif type(argument) is list:
            # Protocols 0 to 2 of Python 2 give an OrderedDict a list of lists.
            for item in argument:
                if type(item) not in (list, tuple) or len(item) != 2:
                    return None
                pairs.append((item[0], item[1]))
        else:
            return None
    return pairs + (call.pairs or [])


def _dict_sight(
    pairs: list[tuple[object, object]], type_name: tuple[str, str], *, keep_order: bool
) -> Sight:
    ordered = OrderedItems(pairs, keep_order=keep_order)
    # In the order of JAX already: `dict_sight` would compare keys of any kind.
    sight = dict_sight(ordered.items, type_name, key_text=key_text, ordered=True)
    sight.notes = tuple(ordered.notes)
    return sight


def counter(call: Call, context: Context) -> Sight | None:
    """`Counter`: a leaf for JAX, as every subclass of `dict`."""
    if call.items or (pairs := _pairs(call, skip=0)) is None:
        return None
    return Sight(
        Kind.OPAQUE,
        ("Counter", "collections.Counter"),
        is_leaf=True,
        children=[Child(key_entry(key_text(key)), value) for key, value in pairs],
        text=None if pairs else "Counter()",
        hashing=Hashing.UNHASHABLE,
        flags=Flag.UNREGISTERED if pairs else 0,
    )


def deque(call: Call, context: Context) -> Sight | None:
    """`deque`: a leaf for JAX, with its items inside."""
    arguments = arguments_of(call)
    first = arguments[0] if arguments else ()
    if call.pairs or type(first) not in (list, tuple):
        return None
    items = [*first, *(call.items or ())]  # pyright: ignore[reportGeneralTypeIssues]
    return Sight(
        Kind.OPAQUE,
        ("deque", "collections.deque"),
        is_leaf=True,
        children=[Child(index, item) for index, item in enumerate(items)],
        text=None if items else "deque([])",
        hashing=Hashing.UNHASHABLE,
        flags=Flag.UNREGISTERED if items else 0,
    )


def set_sight(items: list[object], name: str) -> Sight:
    """A `set` or `frozenset` as a live one is shown."""
    texts = [primitive_text(item) for item in items] if len(items) <= 8 else [None]
    text = preview_text("{", sorted(texts, key=str), "}") if texts else None
    return Sight(
        Kind.SET,
        (name, f"builtins.{name}"),
        is_leaf=True,
        text=text or f"<{name} of {len(items):,}>",
        hashing=Hashing.UNHASHABLE if name == "set" else Hashing.BY_VALUE,
    )
