"""Values of Python's own that pickle as a call: shown as they print themselves."""

from eqxview.readers.described.descriptions import Call
from eqxview.readers.pickle.recognise.context import Context
from eqxview.readers.pickle.recognise.names import arguments_of, name_of
from eqxview.tree.kinds import Hashing, Kind
from eqxview.tree.value_text import bytes_text, integer_text, string_text
from eqxview.tree.walk import Sight


def path(call: Call, context: Context) -> Sight | None:
    """A path of `pathlib`, which pickles as its parts."""
    parts = arguments_of(call)
    name = name_of(call.function)
    if name is None or len(parts) > _MAX_PARTS:
        return None
    texts = [part for part in parts if type(part) is str]
    if len(texts) < len(parts) or sum(map(len, texts)) > _MAX_PATH:
        return None
    # The parts of an absolute path begin with its root.
    if texts and texts[0].endswith(("/", "\\")):
        joined = texts[0] + "/".join(texts[1:])
    else:
        joined = "/".join(texts) or "."
    return _value(context.type_name(*name), f"{name.last}({string_text(joined)})")


def bytearray_call(call: Call, context: Context) -> Sight | None:
    """`bytearray(b"...")`."""
    arguments = arguments_of(call)
    first = arguments[0] if len(arguments) == 1 else b""
    if len(arguments) > 1 or type(first) is not bytes:
        return None
    return Sight(
        Kind.BYTES,
        ("bytearray", "builtins.bytearray"),
        is_leaf=True,
        text=bytes_text(first),
        preview=bytes_text(first),
        hashing=Hashing.UNHASHABLE,
    )


def span(call: Call, context: Context) -> Sight | None:
    """`range(...)` and `slice(...)`."""
    name = name_of(call.function)
    arguments = arguments_of(call)
    if name is None or len(arguments) != 3:
        return None
    texts = [integer_text(item) for item in arguments if type(item) is int]
    if name.last == "slice":
        texts = [
            "None" if item is None else integer_text(item) if type(item) is int else "?"
            for item in arguments
        ]
    elif texts[2:] == ["1"]:
        # As Python prints it.
        texts = texts[:2]
    return _value(context.type_name(*name), f"{name.last}({', '.join(texts)})")


_MAX_PATH = 4096
_MAX_PARTS = 256


def _value(type_name: tuple[str, str], text: str) -> Sight:
    return Sight(
        Kind.OPAQUE, type_name, is_leaf=True, text=text, preview=text, hashing=Hashing.BY_VALUE
    )
