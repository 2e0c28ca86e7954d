"""A value in one line: the same words for a live object and for one described in a file."""

from eqxview.tree.sanitise import sanitise

MAX_VALUE_TEXT = 80
"""Characters of one value shown in an outline."""

_MAX_INT_BITS = 256


def integer_text(value: int) -> str:
    """The integer's digits; a giant one by its size (Python refuses to print 4,300 digits)."""
    if value.bit_length() > _MAX_INT_BITS:
        return f"<int of {value.bit_length():,} bits>"
    return repr(value)


def string_text(value: str) -> str:
    """The string's repr, sanitised; a long one cut, with its length."""
    if len(value) > MAX_VALUE_TEXT:
        return f"{sanitise(repr(value[:MAX_VALUE_TEXT]))}… ({len(value):,} characters)"
    return sanitise(repr(value), limit=10 * MAX_VALUE_TEXT)


def bytes_text(value: bytes | bytearray) -> str:
    """The repr of a short byte string; a long one cut, with its length."""
    if len(value) > MAX_VALUE_TEXT // 4:
        return f"{bytes(value[: MAX_VALUE_TEXT // 4])!r}… ({len(value):,} bytes)"
    return repr(bytes(value))


def primitive_text(value: object) -> str | None:
    """The text of a `bool`, `int`, `float`, `complex`, `str` or `bytes`; `None` for the rest.

    Exact types only: the repr of a subclass is somebody's code.
    """
    kind = type(value)
    if kind is str:
        return string_text(value)  # pyright: ignore[reportArgumentType]
    if kind is int:
        return integer_text(value)  # pyright: ignore[reportArgumentType]
    if kind in (bool, float, complex):
        return repr(value)
    if kind in (bytes, bytearray):
        return bytes_text(value)  # pyright: ignore[reportArgumentType]
    return None


def named_text(what: str, name: str) -> str:
    """`<function relu>`: something that is known by its name."""
    return f"<{what} {sanitise(name)}>"


MAX_PREVIEW_ITEMS = 8


def preview_text(opening: str, items: "list[str | None]", closing: str) -> str | None:
    """`(2, 2)`: a short flat container in one line; `None` if it is neither short nor flat.

    `items` are the texts of the items, `None` for an item that has no one-line text.
    """
    if len(items) > MAX_PREVIEW_ITEMS:
        return None
    texts = [item for item in items if item is not None]
    if len(texts) < len(items):
        return None
    comma = "," if opening == "(" and len(texts) == 1 else ""
    text = f"{opening}{', '.join(texts)}{comma}{closing}"
    return text if len(text) <= MAX_VALUE_TEXT else None
