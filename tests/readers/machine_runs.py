"""Helpers of the tests of the pickle machine: run it over bytes, and build what it describes."""

import io
import pickle

from eqxview.readers.byte_source import Identity
from eqxview.readers.described.descriptions import (
    ArrayDescription,
    Call,
    DictItems,
    Payload,
    Reference,
    SetItems,
)
from eqxview.readers.described.dtypes import dtype_facts
from eqxview.readers.described.values import decoded
from eqxview.readers.pickle.machine import Machine
from eqxview.readers.pickle.opcodes import OPCODES


class MemoryBytes:
    """Bytes in memory as a source, which counts what is read of them."""

    identity = Identity(0, 0, 0, 0)

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)
        self.read = 0

    def read_at(self, offset: int, length: int) -> bytes:
        data = self._content[offset : offset + length]
        self.read += len(data)
        return data

    def close(self) -> None:
        pass


def described(content: bytes, *, shortcuts: bool = True) -> object:
    return Machine(MemoryBytes(content), shortcuts=shortcuts).run(OPCODES)


def value_of(description: object, content: bytes) -> object:
    """The plain value that `description` stands for; long parts are taken from `content`."""
    match description:
        case Payload():
            return _payload_value(description, content)
        case list():
            return [value_of(item, content) for item in description]
        case tuple():
            return tuple(value_of(item, content) for item in description)
        case DictItems():
            return {
                value_of(key, content): value_of(item, content) for key, item in description.pairs
            }
        case SetItems():
            items = [value_of(item, content) for item in description.items]
            return frozenset(items) if description.is_frozen else set(items)
        case Call(function=Reference(name="bytearray"), arguments=arguments):
            return bytearray(*(value_of(argument, content) for argument in arguments))
    return description


def _payload_value(payload: Payload, content: bytes) -> object:
    stored = content[payload.offset : payload.offset + payload.length]
    match payload.encoding:
        case "text":
            return stored.decode("utf-8", "surrogatepass")
        case "escaped":
            return stored.decode("raw-unicode-escape")
        case "int":
            return int.from_bytes(stored, "little", signed=True)
        case "digits":
            return int(stored)
        case "bytearray":
            return bytearray(stored)
    return decoded(stored, payload.encoding)


def same_description(
    left: object, right: object, above: frozenset[tuple[int, int]] = frozenset()
) -> bool:
    """Whether two descriptions say the same; dtypes of arrays, by their names.

    `above` are the pairs that these two are within: a damaged file may hold itself.
    """
    if type(left) is not type(right):
        return False
    if (id(left), id(right)) in above:
        return True

    def same(left: object, right: object) -> bool:
        return same_description(left, right, within)

    within = above | {(id(left), id(right))}
    match left:
        case list() | tuple():
            return len(left) == len(right) and all(map(same, left, right))
        case DictItems():
            return same(left.pairs, right.pairs)
        case ArrayDescription():
            names = set(ArrayDescription.__slots__) - {"dtype"}
            return dtype_facts(left.dtype).name == dtype_facts(right.dtype).name and (
                all(same(getattr(left, name), getattr(right, name)) for name in names)
            )
        case _ if type(left).__module__ == Payload.__module__:
            names = type(left).__slots__
            return all(same(getattr(left, name), getattr(right, name)) for name in names)
    return left == right


def pickled_in_python(value: object, protocol: int) -> bytes:
    """A pickle as the pickler written in Python makes it: it frames and numbers otherwise."""
    file = io.BytesIO()
    pickle._Pickler(file, protocol).dump(value)  # pyright: ignore[reportAttributeAccessIssue]
    return file.getvalue()
