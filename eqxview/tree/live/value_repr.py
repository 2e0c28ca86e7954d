"""Reprs of live objects: exact for Python's own types, guarded for everybody else's."""

from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import primitive_text


def key_text(key: object) -> str:
    """The repr of a dict key, as `keystr` shows it."""
    if type(key) is str:
        # Not cut: a cut key path would find nothing.
        return sanitise(repr(key), limit=len(key) * 10 + 2)
    return guarded_repr(key)


def guarded_repr(value: object) -> str:
    """The repr of `value`, sanitised and bounded; says so when the repr itself fails."""
    if (text := primitive_text(value)) is not None:
        return text
    try:
        return sanitise(repr(value))
    except Exception as error:  # noqa: BLE001  a repr is anybody's code: say that it failed
        return sanitise(f"<{type(value).__name__} whose repr raised {type(error).__name__}>")
