"""Opcodes that would import, call and build: here they only describe; and the file's framing."""

from struct import Struct

from eqxview.readers.described.descriptions import (
    Call,
    DictItems,
    Extension,
    OutOfBandBuffer,
    PersistentId,
    Reference,
)
from eqxview.readers.pickle.calls import built, called
from eqxview.readers.pickle.joblib_arrays import is_joblib_array, joblib_array
from eqxview.readers.pickle.machine import Machine, Opcode, Stopped

_UINT64 = Struct("<Q").unpack_from
NEWEST_PROTOCOL = 5

MAX_NAME = 4096
"""Bytes of a module's or a class's name."""


def _proto(m: Machine) -> None:
    tape = m.tape
    m.protocol = tape.buffer[tape.at]
    tape.at += 1
    if m.protocol > NEWEST_PROTOCOL:
        m.record.warn(
            f"the pickle is of protocol {m.protocol}, newer than {NEWEST_PROTOCOL}: "
            "parts of it may not be understood"
        )


def _frame(m: Machine) -> None:
    tape = m.tape
    (length,) = _UINT64(tape.buffer, tape.at)
    begin = tape.position - 1
    if 0 <= tape.frame_end != begin:
        m.record.warn(
            f"a frame begins inside another one (at byte {begin:,}): other readers may see "
            "another program in this file"
        )
    tape.at += 8
    size = tape.source.size
    if size is not None and tape.position + length > size:
        m.record.warn(f"a frame of {length:,} bytes runs past the end of the file")
    tape.enter_frame(length)


def _stop(m: Machine) -> None:
    m.stack[-1]
    left = len(m.stack) - 1 + sum(map(len, m.marks))
    if left or m.marks:
        m.record.warn(f"the pickle ends with {left:,} values left over: they are not shown")
    raise Stopped


def _global_lines(m: Machine) -> None:
    m.stack.append(_reference_lines(m))


def _reference_lines(m: Machine) -> Reference:
    module = _name_line(m)
    return m.record.reference(module, _name_line(m))


def _name_line(m: Machine) -> str:
    _, length, line = m.tape.line(longest=MAX_NAME)
    if length > MAX_NAME:
        raise m.damaged(f"a name of {length:,} characters is no name")
    return line.decode("utf-8", "backslashreplace")


def _stack_global(m: Machine) -> None:
    stack = m.stack
    name = stack.pop()
    module = stack.pop()
    if type(module) is not str or type(name) is not str:
        m.record.warn("a class or function is named by something that is no text")
    stack.append(
        m.record.reference(
            module if type(module) is str else "?", name if type(name) is str else "?"
        )
    )


def _reduce(m: Machine) -> None:
    stack = m.stack
    arguments = stack.pop()
    stack[-1] = called(m, stack[-1], arguments)


def _build(m: Machine) -> None:
    stack = m.stack
    state = stack.pop()
    target = stack[-1]
    built(m, target, state)
    if type(target) is Call and is_joblib_array(target):
        stack[-1] = joblib_array(m, target)


def _newobj(m: Machine) -> None:
    stack = m.stack
    arguments = stack.pop()
    stack[-1] = Call(stack[-1], arguments, how="new")


def _newobj_ex(m: Machine) -> None:
    stack = m.stack
    keywords = stack.pop()
    arguments = stack.pop()
    if type(keywords) is not DictItems:
        m.record.warn("a class is called with keywords that are no dict")
        keywords = None
    stack[-1] = Call(stack[-1], arguments, how="new", keywords=keywords)


def _inst(m: Machine) -> None:
    reference = _reference_lines(m)
    arguments = m.since_mark()
    m.stack.append(Call(reference, tuple(arguments), how="new"))


def _obj(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(Call(items[0], tuple(items[1:]), how="new"))


def _extension8(m: Machine) -> None:
    _extension(m, 1)


def _extension16(m: Machine) -> None:
    _extension(m, 2)


def _extension32(m: Machine) -> None:
    _extension(m, 4)


def _extension(m: Machine, length: int) -> None:
    code = int.from_bytes(m.tape.take(length), "little")
    m.record.warn("pickle.load would take objects from the extension registry of its process")
    m.stack.append(Extension(code))


def _persistent_line(m: Machine) -> None:
    _, length, line = m.tape.line(longest=MAX_NAME)
    if length > MAX_NAME:
        raise m.damaged(f"a persistent id of {length:,} characters is no name")
    _persistent(m, line.decode("latin-1"))


def _persistent_value(m: Machine) -> None:
    _persistent(m, m.stack.pop())


def _persistent(m: Machine, identifier: object) -> None:
    m.record.warn("the pickle refers to objects that are kept outside of it (persistent ids)")
    m.stack.append(PersistentId(identifier))


def _next_buffer(m: Machine) -> None:
    m.record.warn("the pickle refers to buffers that are kept outside of it")
    m.stack.append(OutOfBandBuffer(m.buffers))
    m.buffers += 1


def _readonly_buffer(m: Machine) -> None:
    buffer = m.stack[-1]
    if type(buffer) is OutOfBandBuffer:
        buffer.is_readonly = True


OBJECT_OPCODES: dict[int, Opcode] = {
    0x80: Opcode("PROTO", _proto, 1),
    0x95: Opcode("FRAME", _frame, 8),
    0x2E: Opcode("STOP", _stop),
    0x63: Opcode("GLOBAL", _global_lines),
    0x93: Opcode("STACK_GLOBAL", _stack_global),
    0x52: Opcode("REDUCE", _reduce),
    0x62: Opcode("BUILD", _build),
    0x81: Opcode("NEWOBJ", _newobj),
    0x92: Opcode("NEWOBJ_EX", _newobj_ex),
    0x69: Opcode("INST", _inst),
    0x6F: Opcode("OBJ", _obj),
    0x82: Opcode("EXT1", _extension8, 1),
    0x83: Opcode("EXT2", _extension16, 2),
    0x84: Opcode("EXT4", _extension32, 4),
    0x50: Opcode("PERSID", _persistent_line),
    0x51: Opcode("BINPERSID", _persistent_value),
    0x97: Opcode("NEXT_BUFFER", _next_buffer),
    0x98: Opcode("READONLY_BUFFER", _readonly_buffer),
}
"""Each opcode of this kind: its byte, its name in the pickle language, what it does."""
