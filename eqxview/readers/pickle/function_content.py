"""What a function by value is made of: its code, its defaults, what it uses of its module.

cloudpickle keeps such functions; nothing of them is made. What a function closes over is not
here: it is shown as nodes of the tree.
"""

from collections.abc import Callable, Hashable, Iterator
from hashlib import blake2b

from eqxview.errors import EqxviewError
from eqxview.readers.described.descriptions import (
    ArrayDescription,
    Call,
    DictItems,
    DTypeDescription,
    Payload,
    Reference,
    SetItems,
)
from eqxview.readers.described.dtypes import dtype_facts
from eqxview.readers.pickle.recognise import by_value
from eqxview.readers.pickle.recognise.names import arguments_of
from eqxview.readers.pickle.recognise.state import MAX_ATTRIBUTES, attributes_of
from eqxview.tree.callable_content import CallableContent, Part
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import primitive_text

_MAX_DEPTH = 16
_MAX_VALUES = 20_000
_MAX_BYTES = 1 << 20
"""Bytes that stay in the file until asked for, and are compared; of more, the number is."""

_PLACES = {18: (10, 13, 14), 16: (10, 12, 13)}
"""Where file, first line and table of lines stand among the arguments of a code object: eighteen
since Python 3.11. A function that was moved is not another one."""


def is_by_value(description: object) -> bool:
    """Whether a file holds the content of this callable, not just its name."""
    return by_value.is_function(description)


def function_content(call: Call, read: Callable[[Payload], bytes]) -> CallableContent:
    """The content of a function by value; `read` fetches what stays in the file."""
    taken = _TakenApart(read)
    arguments, attributes = arguments_of(call), attributes_of(call) or {}
    facts = by_value.code_facts(call)
    code = arguments[0] if arguments else None
    parts = {"code": Part(taken.code(code), "")}
    defaults = attributes.get("__defaults__")
    names = _argument_names(code)
    items = defaults if type(defaults) is tuple else ()
    for index, item in enumerate(items[:MAX_ATTRIBUTES]):
        place = len(names) - len(items) + index
        name = names[place] if 0 <= place < len(names) else str(index)
        parts[f"default of {sanitise(name)}"] = taken.part(item)
    for key, item in _pairs(attributes.get("__kwdefaults__")):
        parts[f"default of {sanitise(key)}"] = taken.part(item)
    for key, item in _pairs(attributes.get("__globals__")):
        if not key.startswith("__"):
            parts[f"global {sanitise(key)}"] = taken.part(item)
    # Byte code of one version of Python says nothing of another's; each has other places.
    form = f"by value, of {len(arguments_of(code)) if type(code) is Call else 0} parts"
    where = "" if facts.file is None else sanitise(facts.file.replace("\\", "/").rpartition("/")[2])
    if where and facts.line is not None:
        where += f":{facts.line}"
    return CallableContent(form, parts, where)


def _argument_names(code: object) -> tuple[str, ...]:
    """The names of the arguments that may have defaults."""
    if type(code) is not Call:
        return ()
    items = arguments_of(code)
    if len(items) not in _PLACES:
        return ()
    count, names = items[0], items[9]
    if type(count) is not int or type(names) is not tuple:
        return ()
    return tuple(name for name in names[: max(count, 0)] if type(name) is str)


def _pairs(items: object) -> Iterator[tuple[str, object]]:
    if type(items) is DictItems:
        for key, item in items.pairs[:MAX_ATTRIBUTES]:
            if type(key) is str:
                yield key, item


class _TakenApart:
    """Tokens of descriptions, so many in all: a file may share its parts a billion times over."""

    def __init__(self, read: Callable[[Payload], bytes]) -> None:
        self._read = read
        self._left = _MAX_VALUES
        self._above: list[int] = []

    def part(self, description: object) -> Part:
        """A value as a part of a function."""
        return Part(self._token(description), primitive_text(description) or "")

    def code(self, code: object) -> Hashable:
        """A code object without its place."""
        if type(code) is not Call:
            return self._token(code)
        items = arguments_of(code)
        places = _PLACES.get(len(items), ())
        return tuple(self._token(item) for index, item in enumerate(items) if index not in places)

    def _token(self, value: object) -> Hashable:
        cls = type(value)
        if cls in (bool, int, str, bytes, type(None)):
            return cls.__name__, value
        if cls in (float, complex):
            return cls.__name__, repr(value)
        if type(value) is Reference:
            return "reference", value.module, value.name
        if type(value) is Payload:
            return self._payload(value)
        if id(value) in self._above:
            return "cycle", self._above.index(id(value))
        self._left -= 1
        if len(self._above) > _MAX_DEPTH or self._left < 0:
            return "not followed", cls.__name__
        self._above.append(id(value))
        try:
            return cls.__name__, *self._inside(value)
        finally:
            self._above.pop()

    def _inside(self, value: object) -> Iterator[Hashable]:
        if type(value) is list or type(value) is tuple:
            yield from map(self._token, value)
        elif type(value) is DictItems:
            yield from map(self._token, value.pairs)
        elif type(value) is SetItems:
            yield from sorted(repr(self._token(item)) for item in value.items)
        elif type(value) is DTypeDescription:
            yield dtype_facts(value).name
        elif type(value) is ArrayDescription:
            yield from map(self._token, (value.dtype, value.shape, value.data))
        elif type(value) is Call:
            yield from self._call(value)

    def _call(self, call: Call) -> Iterator[Hashable]:
        if _is_code(call):
            yield self.code(call)
            return
        yield self._token(call.function)
        arguments = arguments_of(call)
        if by_value.is_function(call):
            # What follows the code is said again, and in full, in the state.
            yield self._token(arguments[0] if arguments else None)
        else:
            yield self._token(call.arguments)
        yield from map(self._token, (call.keywords, call.items, call.pairs))
        yield self._state(call)

    def _state(self, call: Call) -> Hashable:
        if not (by_value.is_function(call) or by_value.is_class(call)):
            return self._token(call.state)
        # Not the notes of cloudpickle on where the module lies.
        attributes = attributes_of(call) or {}
        names = sorted(set(attributes) - {"_cloudpickle_submodules", "__annotations__"})
        return tuple(
            (name, tuple((key, self._token(item)) for key, item in _pairs(attributes[name])))
            if name == "__globals__"
            else (name, self._token(attributes[name]))
            for name in names
        )

    def _payload(self, payload: Payload) -> Hashable:
        if payload.length > _MAX_BYTES:
            return "payload", payload.encoding, payload.length
        self._left -= 1 + payload.length // 1000
        if self._left < 0:
            return "not followed", "payload"
        try:
            stored = self._read(payload)
        except EqxviewError:
            # The tree tells of a file that has changed; here, its length is all there is.
            return "payload", payload.encoding, payload.length
        return "payload", payload.encoding, blake2b(stored, digest_size=16).digest()


def _is_code(call: Call) -> bool:
    arguments = arguments_of(call)
    return len(arguments) in _PLACES and type(arguments[0]) is int and type(arguments[5]) is int
