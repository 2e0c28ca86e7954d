"""Sights of the containers that JAX flattens, the same for live objects and for a file's."""

from collections.abc import Callable, Sequence
from typing import Any

from eqxview.tree.key_path import attribute_entry, key_entry
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import preview_text, primitive_text
from eqxview.tree.walk import Child, Items, NamedItems, Sight


def none_sight() -> Sight:
    """`None`, which is no leaf for JAX."""
    return Sight(
        Kind.NONE,
        ("NoneType", "builtins.NoneType"),
        is_leaf=False,
        text="None",
        preview="None",
        hashing=Hashing.BY_VALUE,
    )


def list_sight(items: Sequence[object]) -> Sight:
    """A list."""
    return Sight(
        Kind.LIST,
        ("list", "builtins.list"),
        is_leaf=False,
        children=Items(items),
        preview=_preview("[", items, "]"),
        hashing=Hashing.UNHASHABLE,
    )


def tuple_sight(items: Sequence[object]) -> Sight:
    """A tuple."""
    return Sight(
        Kind.TUPLE,
        ("tuple", "builtins.tuple"),
        is_leaf=False,
        children=Items(items),
        preview=_preview("(", items, ")"),
        hashing=Hashing.BY_VALUE,
    )


def named_tuple_sight(
    items: Sequence[object], fields: Sequence[str], type_name: tuple[str, str]
) -> Sight:
    """A namedtuple; JAX names its items by field."""
    return Sight(
        Kind.NAMEDTUPLE,
        type_name,
        is_leaf=False,
        children=[
            Child(attribute_entry(sanitise(name)), item)
            for name, item in zip(fields, items, strict=False)
        ],
        hashing=Hashing.BY_VALUE,
    )


def dict_sight(
    items: list[tuple[Any, object]],
    type_name: tuple[str, str],
    *,
    key_text: Callable[[object], str],
    ordered: bool = False,
) -> Sight:
    """A dict: its items in the order of JAX, which sorts keys unless the dict is `ordered`.

    Keys that cannot be sorted keep their order, with a note: JAX refuses such a dict.
    """
    notes: tuple[str, ...] = ()
    if not ordered:
        try:
            items = sorted(items, key=_key)
        except TypeError:
            notes = ("JAX refuses this dict: its keys cannot be compared with each other",)
    return Sight(
        Kind.DICT,
        type_name,
        is_leaf=False,
        children=NamedItems(
            [key_entry(key_text(key)) for key, _ in items], [item for _, item in items]
        ),
        preview="{}" if not items else None,
        hashing=Hashing.UNHASHABLE,
        notes=notes,
    )


def _key(item: tuple[Any, object]) -> Any:
    return item[0]


def _preview(opening: str, items: Sequence[object], closing: str) -> str | None:
    # The length first: a preview of a million items is never wanted.
    if len(items) > 8:
        return None
    texts = ["None" if item is None else primitive_text(item) for item in items]
    return preview_text(opening, texts, closing)
