"""Dict keys of a file: their text, and the order in which JAX takes them.

Keys are never hashed, and compared only where that cannot be made slow: numbers, strings, and
short tuples of them. Comparing nested tuples is exponential in the size of the file.
"""

from collections.abc import Sequence
from typing import Any

from eqxview.readers.described.descriptions import Call, Payload
from eqxview.readers.pickle.recognise.names import is_class_name, name_of
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import primitive_text

_MAX_TUPLE_KEY = 16
_MAX_HIDDEN = 1000
"""Pairs that a later one of the same key replaces, and that are therefore not shown. With more,
all are: looking at a dict must not take longer than showing it, since it may be met often."""
_SIMPLE = (str, int, float, bool, bytes, type(None))


def key_text(key: object) -> str:
    """The repr of a key as `keystr` shows it, in bounded time."""
    kind = type(key)
    if kind is str:
        text = repr(key)
        # Not cut: a cut key path would find nothing.
        return text if text.isprintable() else sanitise(text, limit=len(text))
    if kind is tuple:
        return _tuple_text(key)  # pyright: ignore[reportArgumentType]
    if (text := _simple_text(key)) is not None:
        return text
    if (name := name_of(key)) is not None:
        if is_class_name(name):
            return f"<class {sanitise(name.qualified)!r}>"
        return f"<{sanitise(name.last)}>"
    if kind is Payload:
        return f"<{key.encoding} of {key.length:,} bytes>"  # pyright: ignore[reportAttributeAccessIssue]
    if kind is Call and (name := name_of(key.function)) is not None:  # pyright: ignore[reportAttributeAccessIssue]
        return f"<{sanitise(name.qualified)}>"
    return f"<{kind.__name__}>"


def _simple_text(key: object) -> str | None:
    return "None" if key is None else primitive_text(key)


def _tuple_text(key: tuple[object, ...]) -> str:
    if len(key) > _MAX_TUPLE_KEY:
        return f"<tuple of {len(key):,}>"
    texts = [key_text(item) if type(item) is not tuple else "(…)" for item in key]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


class OrderedItems:
    """A dict's items in the order of JAX, each key once, with what there is to remark."""

    def __init__(self, pairs: Sequence[tuple[object, object]], *, keep_order: bool) -> None:
        self.notes: list[str] = []
        self.items = list(pairs)
        if not all(_is_comparable(key) for key, _ in pairs):
            if not keep_order and len(pairs) > 1:
                self.notes.append("in the order of the file: how JAX sorts these keys is not known")
            return
        numbered = list(enumerate(pairs))
        try:
            # By value, then by place in the file: equal keys are then neighbours.
            numbered.sort(key=_comparable_key)
        except TypeError:
            if not keep_order:
                self.notes.append(
                    "JAX refuses this dict: its keys cannot be compared with each other"
                )
            return
        kept = self._each_once(numbered)
        if keep_order:
            kept.sort(key=_place)
        self.items = [pair for _, pair in kept]

    def _each_once(self, numbered: list[Any]) -> list[Any]:
        """Of equal keys the first place and the last value, as a dict keeps them."""
        kept: list[Any] = []
        for place, (key, value) in numbered:
            if kept and kept[-1][1][0] == key:
                first, (first_key, _) = kept[-1]
                kept[-1] = (first, (first_key, value))
            else:
                kept.append((place, (key, value)))
        again = len(numbered) - len(kept)
        if not again:
            return numbered
        if again > _MAX_HIDDEN:
            self.notes.append("the file sets the same keys again and again: every time is shown")
            return numbered
        self.notes.append(
            "the file sets the same key more than once: shown is what the dict ends with"
        )
        return kept


def _is_comparable(key: object) -> bool:
    if type(key) is tuple:
        return len(key) <= _MAX_TUPLE_KEY and all(type(item) in _SIMPLE for item in key)
    return type(key) in _SIMPLE


def _comparable_key(numbered: Any) -> Any:
    return numbered[1][0]


def _place(numbered: Any) -> int:
    return numbered[0]
