"""Opcodes that build containers, and those that move values on the stack and in the memo."""

from struct import Struct

from eqxview.readers.described.descriptions import Call, DictItems, SetItems
from eqxview.readers.pickle.machine import Machine, Opcode
from eqxview.readers.pickle.plain_opcodes import decimal

_UINT32 = Struct("<I").unpack_from


def _mark(m: Machine) -> None:
    m.marks.append(m.stack)
    m.stack = []


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.since_mark()


def _pop_mark(m: Machine) -> None:
    m.since_mark()


def _dup(m: Machine) -> None:
    m.stack.append(m.stack[-1])


def _memoize(m: Machine) -> None:
    if m.sparse_memo:
        m.sparse_memo[len(m.memo) + len(m.sparse_memo)] = m.stack[-1]
    else:
        m.memo.append(m.stack[-1])


def _put_line(m: Machine) -> None:
    m.put(_number_line(m), m.stack[-1])


def _put8(m: Machine) -> None:
    tape = m.tape
    m.put(tape.buffer[tape.at], m.stack[-1])
    tape.at += 1


def _put32(m: Machine) -> None:
    tape = m.tape
    m.put(_UINT32(tape.buffer, tape.at)[0], m.stack[-1])
    tape.at += 4


def _get_line(m: Machine) -> None:
    m.stack.append(m.get(_number_line(m)))


def _get8(m: Machine) -> None:
    tape = m.tape
    value = m.get(tape.buffer[tape.at])
    tape.at += 1
    m.stack.append(value)
    if m.shortcuts and (shortcut := m.shortcuts.get(id(value))) is not None:
        shortcut.read(m)


def _get32(m: Machine) -> None:
    tape = m.tape
    value = m.get(_UINT32(tape.buffer, tape.at)[0])
    tape.at += 4
    m.stack.append(value)
    if m.shortcuts and (shortcut := m.shortcuts.get(id(value))) is not None:
        shortcut.read(m)


def _number_line(m: Machine) -> int:
    _, length, line = m.tape.line(longest=20)
    if length > 20:
        raise m.damaged(f"{line[:20]!r}… is no number of a value")
    return decimal(m, line)


def _empty_list(m: Machine) -> None:
    m.stack.append([])


def _list_since_mark(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(items)


def _append(m: Machine) -> None:
    stack = m.stack
    _put_into(m, stack[-2], [stack.pop()])


def _appends(m: Machine) -> None:
    items = m.since_mark()
    _put_into(m, m.stack[-1], items)


def _put_into(m: Machine, container: object, items: list[object]) -> None:
    if type(container) is list:
        container.extend(items)
    elif type(container) is SetItems:
        container.items.extend(items)
    elif type(container) is Call:
        if container.items is None:
            container.items = items
        else:
            container.items.extend(items)
    else:
        m.record.warn(f"items are put into {_what(container)}: they are not shown")


def _empty_tuple(m: Machine) -> None:
    m.stack.append(())


def _tuple1(m: Machine) -> None:
    m.stack[-1] = (m.stack[-1],)


def _tuple2(m: Machine) -> None:
    last = m.stack.pop()
    m.stack[-1] = (m.stack[-1], last)


def _tuple3(m: Machine) -> None:
    stack = m.stack
    last = stack.pop()
    middle = stack.pop()
    stack[-1] = (stack[-1], middle, last)


def _tuple_since_mark(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(tuple(items))


def _empty_dict(m: Machine) -> None:
    m.stack.append(DictItems())


def _dict_since_mark(m: Machine) -> None:
    pairs = _pairs(m, m.since_mark())
    m.stack.append(DictItems(pairs))


def _set_item(m: Machine) -> None:
    stack = m.stack
    value = stack.pop()
    key = stack.pop()
    container = stack[-1]
    if type(container) is DictItems:
        container.pairs.append((key, value))
    else:
        _set_in(m, container, [(key, value)])


def _set_items(m: Machine) -> None:
    pairs = _pairs(m, m.since_mark())
    _set_in(m, m.stack[-1], pairs)


def _set_in(m: Machine, container: object, pairs: list[tuple[object, object]]) -> None:
    if type(container) is DictItems:
        container.pairs.extend(pairs)
    elif type(container) is Call:
        if container.pairs is None:
            container.pairs = pairs
        else:
            container.pairs.extend(pairs)
    else:
        m.record.warn(f"entries are set in {_what(container)}: they are not shown")


def _pairs(m: Machine, items: list[object]) -> list[tuple[object, object]]:
    if len(items) % 2:
        raise m.damaged(f"{len(items):,} values cannot be keys and values of a dict")
    return list(zip(items[::2], items[1::2], strict=True))


def _empty_set(m: Machine) -> None:
    m.stack.append(SetItems([]))


def _add_items(m: Machine) -> None:
    items = m.since_mark()
    _put_into(m, m.stack[-1], items)


def _frozenset_since_mark(m: Machine) -> None:
    items = m.since_mark()
    m.stack.append(SetItems(items, is_frozen=True))


def _what(container: object) -> str:
    # The class is one of ours or of Python's: its name is safe to show.
    return f"a {type(container).__name__}"


CONTAINER_OPCODES: dict[int, Opcode] = {
    0x28: Opcode("MARK", _mark),
    0x30: Opcode("POP", _pop),
    0x31: Opcode("POP_MARK", _pop_mark),
    0x32: Opcode("DUP", _dup),
    0x94: Opcode("MEMOIZE", _memoize),
    0x70: Opcode("PUT", _put_line),
    0x71: Opcode("BINPUT", _put8, 1),
    0x72: Opcode("LONG_BINPUT", _put32, 4),
    0x67: Opcode("GET", _get_line),
    0x68: Opcode("BINGET", _get8, 1),
    0x6A: Opcode("LONG_BINGET", _get32, 4),
    0x5D: Opcode("EMPTY_LIST", _empty_list),
    0x6C: Opcode("LIST", _list_since_mark),
    0x61: Opcode("APPEND", _append),
    0x65: Opcode("APPENDS", _appends),
    0x29: Opcode("EMPTY_TUPLE", _empty_tuple),
    0x85: Opcode("TUPLE1", _tuple1),
    0x86: Opcode("TUPLE2", _tuple2),
    0x87: Opcode("TUPLE3", _tuple3),
    0x74: Opcode("TUPLE", _tuple_since_mark),
    0x7D: Opcode("EMPTY_DICT", _empty_dict),
    0x64: Opcode("DICT", _dict_since_mark),
    0x73: Opcode("SETITEM", _set_item),
    0x75: Opcode("SETITEMS", _set_items),
    0x8F: Opcode("EMPTY_SET", _empty_set),
    0x90: Opcode("ADDITEMS", _add_items),
    0x91: Opcode("FROZENSET", _frozenset_since_mark),
}
"""Each opcode of this kind: its byte, its name in the pickle language, what it does."""
