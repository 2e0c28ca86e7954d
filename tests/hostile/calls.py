"""Every opcode that makes an unpickler call, build or look up what the file names."""

import struct

from hostile.assemble import (
    build,
    call,
    get,
    group,
    integer,
    mapping,
    new,
    put,
    reference,
    sequence,
    short_bytes,
    stacked_reference,
    text,
    whole,
)
from hostile.case import CANARY, MARKER, Case

COMMAND = text(f"touch {MARKER}")
SYSTEM = reference("os", "system")
PLAIN = reference(CANARY, "Plain")


def canary(name: str) -> bytes:
    """A reference to something that makes the marker when it is used (or just imported)."""
    return reference(CANARY, name)


CASES = (
    Case(
        name="GLOBAL alone",
        content=whole(canary("touch")),
        imports=(f"{CANARY}.touch",),
        shows=("touch",),
        executes="import",
    ),
    Case(
        name="STACK_GLOBAL alone",
        content=whole(stacked_reference(CANARY, "touch")),
        imports=(f"{CANARY}.touch",),
        executes="import",
    ),
    Case(
        name="GLOBAL of a module below a package",
        content=whole(reference(f"{CANARY}_package.inner", "Thing")),
        imports=(f"{CANARY}_package.inner.Thing",),
        executes="import",
    ),
    Case(
        name="GLOBAL REDUCE",
        content=whole(call(SYSTEM, COMMAND)),
        imports=("os.system",),
        shows=("os.system",),
        executes="call",
    ),
    Case(
        name="STACK_GLOBAL REDUCE",
        content=whole(call(stacked_reference("os", "system"), COMMAND)),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="REDUCE inside an honest dict",
        content=whole(
            mapping(
                (text("weight"), integer(1)),
                (text("bias"), call(SYSTEM, COMMAND)),
                (text("last"), integer(2)),
            )
        ),
        imports=("os.system",),
        shows=("['weight']", "['bias']", "['last']"),
        executes="call",
    ),
    Case(
        name="INST",
        content=whole(b"(" + COMMAND + b"ios\nsystem\n", protocol=0)[2:],
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="OBJ",
        content=whole(b"(" + SYSTEM + COMMAND + b"o"),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="NEWOBJ",
        content=whole(new(canary("MadeByNew"), COMMAND)),
        imports=(f"{CANARY}.MadeByNew",),
        shows=("MadeByNew",),
        executes="call",
    ),
    Case(
        name="NEWOBJ_EX",
        content=whole(
            canary("MadeByNew"), group(COMMAND), mapping((text("k"), integer(1))), b"\x92"
        ),
        imports=(f"{CANARY}.MadeByNew",),
        executes="call",
    ),
    Case(
        name="BUILD calls the __setstate__ of the class",
        content=whole(build(new(canary("WithSetState")), COMMAND)),
        imports=(f"{CANARY}.WithSetState",),
        executes="call",
    ),
    Case(
        name="BUILD calls a __setstate__ that BUILD put there",
        content=whole(build(build(new(PLAIN), mapping((text("__setstate__"), SYSTEM))), COMMAND)),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="BUILD sets a property through the slots state",
        content=whole(build(new(PLAIN), group(b"N", mapping((text("watched"), COMMAND))))),
        imports=(f"{CANARY}.Plain",),
        executes="call",
    ),
    Case(
        name="BUILD with a plain dict",
        content=whole(build(new(PLAIN), mapping((text("a"), integer(1))))),
        shows=("Plain",),
        executes="import",
    ),
    Case(
        name="BUILD twice",
        content=whole(
            build(
                build(new(PLAIN), mapping((text("first"), integer(1)))),
                mapping((text("second"), integer(2))),
            )
        ),
        executes="import",
    ),
    Case(
        name="APPEND calls append",
        content=whole(new(canary("Catcher")), COMMAND, b"a"),
        imports=(f"{CANARY}.Catcher",),
        executes="call",
    ),
    Case(
        name="APPENDS calls extend",
        content=whole(new(canary("Catcher")), b"(", COMMAND, b"e"),
        executes="call",
    ),
    Case(
        name="SETITEM calls __setitem__",
        content=whole(new(canary("Catcher")), text("key"), COMMAND, b"s"),
        executes="call",
    ),
    Case(
        name="SETITEMS calls __setitem__",
        content=whole(new(canary("Catcher")), b"(", text("key"), COMMAND, b"u"),
        executes="call",
    ),
    Case(
        name="ADDITEMS calls update",
        content=whole(new(canary("Catcher")), b"(", text("key"), b"\x90"),
        executes="call",
    ),
    Case(
        name="a key whose hash is code",
        content=whole(mapping((new(canary("Hashed")), integer(1)))),
        imports=(f"{CANARY}.Hashed",),
        executes="call",
    ),
    Case(
        name="set items whose hash is code",
        content=whole(b"\x8f(", new(canary("Hashed")), b"\x90"),
        imports=(f"{CANARY}.Hashed",),
        executes="call",
    ),
    Case(
        name="frozenset items whose hash is code",
        content=whole(b"(", new(canary("Hashed")), b"\x91"),
        imports=(f"{CANARY}.Hashed",),
        executes="call",
    ),
    *(
        Case(
            name=f"EXT{len(code)}",
            content=whole(opcode + code, group(COMMAND), b"R"),
            shows=("extension",),
        )
        for opcode, code in (
            (b"\x82", b"\xf0"),
            (b"\x83", struct.pack("<H", 0xF0F0)),
            (b"\x84", struct.pack("<i", 0x70F0F0F0)),
        )
    ),
    Case(name="EXT1 of code 0", content=whole(b"\x82\x00"), codes=(0, 2)),
    Case(name="EXT4 of a negative code", content=whole(b"\x84\xff\xff\xff\xff"), codes=(0, 2)),
    Case(name="PERSID", content=b"Pos.system('touch touched')\n.", shows=("os.system",)),
    Case(
        name="BINPERSID of a call",
        content=whole(call(SYSTEM, COMMAND), b"Q"),
        imports=("os.system",),
        executes="call",
    ),
    Case(name="NEXT_BUFFER", content=whole(b"\x97", protocol=5)),
    Case(name="NEXT_BUFFER READONLY_BUFFER", content=whole(b"\x97\x98", protocol=5)),
    Case(name="READONLY_BUFFER of a list", content=whole(b"]\x98", protocol=5), codes=(0, 2)),
    Case(
        name="a call whose result is dropped",
        content=whole(call(SYSTEM, COMMAND), b"0", integer(1)),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a call whose result is dropped by POP_MARK",
        content=whole(b"(", call(SYSTEM, COMMAND), b"1", integer(1)),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a call that only the memo keeps",
        content=whole(call(SYSTEM, COMMAND), put(7), b"0", integer(1)),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a call below the last object of the stack",
        content=whole(call(SYSTEM, COMMAND), integer(1)),
        imports=("os.system",),
        warns=True,
        executes="call",
    ),
    Case(
        name="a call of what a call returned",
        content=whole(
            call(
                call(
                    reference("builtins", "getattr"),
                    call(reference("importlib", "import_module"), text("os")),
                    text("system"),
                ),
                COMMAND,
            )
        ),
        imports=("builtins.getattr", "importlib.import_module"),
        executes="call",
    ),
    Case(
        name="a call through DUP and memo",
        content=whole(SYSTEM, put(0), b"0", get(0), COMMAND, b"2\x86", b"0", COMMAND, b"\x85R"),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="arguments in a list",
        content=whole(SYSTEM, sequence(COMMAND), b"R"),
        imports=("os.system",),
        codes=(0, 2),
    ),
    Case(name="a call of text", content=whole(call(text("os.system"), COMMAND)), codes=(0, 2)),
    Case(name="NEWOBJ of a number", content=whole(new(integer(3), COMMAND)), codes=(0, 2)),
    Case(
        name="NEWOBJ_EX with keywords in a list",
        content=whole(PLAIN, group(), sequence(COMMAND), b"\x92"),
        codes=(0, 2),
    ),
    *(
        Case(
            name=f"BUILD on {name}",
            content=whole(build(instance, mapping((text("a"), COMMAND)))),
            codes=(0, 2),
            warns=True,
        )
        for name, instance in (
            ("a list", b"]"),
            ("a tuple", b")"),
            ("a number", integer(1)),
            ("text", text("x")),
            ("None", b"N"),
            ("a dict", b"}"),
            ("bytes", short_bytes(b"x")),
            ("a reference", SYSTEM),
        )
    ),
    Case(
        name="STACK_GLOBAL with names that are numbers",
        content=whole(integer(1), integer(2), b"\x93"),
        codes=(0, 2),
    ),
    Case(
        name="STACK_GLOBAL with names that are calls",
        content=whole(call(SYSTEM, COMMAND), text("x"), b"\x93"),
        imports=("os.system",),
        codes=(0, 2),
        executes="call",
    ),
)
