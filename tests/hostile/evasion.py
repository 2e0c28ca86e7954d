"""Streams that two readers read differently: what one scans is not what the other runs."""

import struct

from hostile.assemble import call, frame, get, group, honest, integer, put, reference, text, whole
from hostile.case import MARKER, Case

COMMAND = text(f"touch {MARKER}")
SYSTEM = reference("os", "system")
RUNS = call(SYSTEM, COMMAND)


CASES = (
    Case(
        name="the stream breaks after the call",
        content=b"\x80\x04" + RUNS + b"\xff",
        codes=(2,),
        imports=("os.system",),
        offset=len(b"\x80\x04" + RUNS),
        executes="call",
    ),
    Case(
        name="the stack is short after the call",
        content=b"\x80\x04" + RUNS + b"0000.",
        codes=(2,),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a memo that is missing after the call",
        content=b"\x80\x04" + RUNS + get(99) + b".",
        codes=(2,),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="the file ends after the call",
        content=b"\x80\x04" + RUNS,
        codes=(2,),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="the call is in a second pickle",
        content=honest({"a": 1}) + whole(RUNS),
        imports=("os.system",),
        shows=("['a']",),
    ),
    Case(
        name="fifty pickles and then the call",
        content=honest(1) * 50 + whole(RUNS),
        imports=("os.system",),
    ),
    Case(
        name="a thousand pickles and then the call",
        content=honest(1) * 1000 + whole(RUNS),
        codes=(0, 2),
        warns=True,
    ),
    Case(
        name="text after STOP",
        content=honest({"a": 1}) + b"hello, this is no pickle\n",
        codes=(0, 2),
        warns=True,
        shows=("['a']",),
    ),
    Case(
        name="zero bytes after STOP",
        content=honest({"a": 1}) + bytes(1000),
        codes=(0, 2),
        warns=True,
        shows=("['a']",),
    ),
    Case(
        name="a zip directory after STOP",
        content=whole(RUNS) + b"PK\x05\x06" + bytes(18),
        codes=(0, 2),
        warns=True,
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a frame longer than the file",
        content=b"\x80\x04" + frame(RUNS + b".", 2**40),
        codes=(0, 2),
        warns=True,
        imports=("os.system",),
    ),
    Case(
        name="a frame of the largest length",
        content=b"\x80\x04" + frame(RUNS + b".", 2**64 - 1),
        codes=(0, 2),
        warns=True,
        imports=("os.system",),
    ),
    Case(
        name="a frame one byte too long",
        content=b"\x80\x04" + frame(RUNS + b".", len(RUNS) + 2),
        codes=(0, 2),
        warns=True,
        imports=("os.system",),
    ),
    Case(
        name="a frame that ends inside an opcode",
        content=b"\x80\x04" + frame(RUNS + b".", len(RUNS) - 9),
        codes=(0, 2),
        warns=True,
    ),
    Case(
        name="a frame that hides the call behind its end",
        content=b"\x80\x04" + frame(b"]", 1) + b"0" + RUNS + b".",
        codes=(0, 2),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="frames inside frames",
        content=b"\x80\x04" + frame(frame(frame(RUNS))) + b".",
        codes=(0, 2),
        warns=True,
        imports=("os.system",),
    ),
    Case(
        name="an empty frame",
        content=b"\x80\x04" + frame(b"") + RUNS + b".",
        imports=("os.system",),
    ),
    Case(
        name="ten thousand empty frames",
        content=b"\x80\x04" + frame(b"") * 10_000 + RUNS + b".",
        imports=("os.system",),
    ),
    Case(
        name="bytes across the end of a frame",
        content=b"\x80\x04" + frame(b"B\x10\0\0\0" + b"x" * 8, 13) + b"y" * 8 + b".",
        codes=(0, 2),
        warns=True,
    ),
    Case(
        name="a line across the end of a frame",
        content=b"\x80\x04" + frame(b"cos\nsy", 6) + b"stem\n" + COMMAND + b"\x85R.",
        codes=(0, 2),
        warns=True,
    ),
    Case(
        name="two PROTO opcodes",
        content=b"\x80\x04\x80\x02" + RUNS + b".",
        imports=("os.system",),
        codes=(0, 2),
        executes="call",
    ),
    Case(
        name="PROTO in the middle",
        content=b"\x80\x02" + SYSTEM + b"\x80\x05" + COMMAND + b"\x85R.",
        imports=("os.system",),
        codes=(0, 2),
        executes="call",
    ),
    Case(
        name="no PROTO",
        content=RUNS + b".",
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="newer opcodes under an old protocol",
        content=b"\x80\x00" + text("os") + text("system") + b"\x93" + COMMAND + b"\x85R.",
        imports=("os.system",),
        codes=(0, 2),
        executes="call",
    ),
    *(
        Case(
            name=f"protocol {protocol}",
            content=whole(RUNS, protocol=protocol),
            codes=(0, 2),
            warns=True,
            imports=("os.system",),
        )
        for protocol in (6, 127, 255)
    ),
    Case(
        name="the memo changes its mind",
        content=whole(
            reference("collections", "OrderedDict"),
            put(0),
            b"0",
            SYSTEM,
            put(0),
            b"0",
            get(0),
            COMMAND,
            b"\x85R",
        ),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="MEMOIZE after a put that leaves holes",
        content=whole(SYSTEM, put(5), b"\x94", b"0", get(1), COMMAND, b"\x85R"),
        codes=(0, 2),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="MEMOIZE over an index that was put",
        content=whole(
            integer(1),
            put(1),
            b"0",
            integer(2),
            b"\x940",
            SYSTEM,
            put(0),
            get(0),
            COMMAND,
            b"\x85R",
        ),
        codes=(0, 2),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a mark is memoized",
        content=whole(b"(", put(0), b"0", RUNS),
        codes=(0, 2),
    ),
    Case(
        name="DUP of a mark",
        content=whole(b"(2tt"),
        codes=(0, 2),
    ),
    Case(
        name="the function's name comes from the memo",
        content=whole(text("system"), put(1), b"0", text("os"), get(1), b"\x93", COMMAND, b"\x85R"),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="the function's name is bytes",
        content=whole(b"U\x02os", b"U\x06system", b"\x93", COMMAND, b"\x85R"),
        codes=(0, 2),
        executes="call",
    ),
    Case(
        name="the module's name has a carriage return",
        content=b"\x80\x02cos\r\nsystem\r\n" + COMMAND + b"\x85R.",
        codes=(0, 2),
    ),
    Case(
        name="text that hides opcodes",
        content=whole(text("cos\nsystem\n(S'touch touched'\ntR."), b"0", RUNS),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="a memo index as a decimal with sign and zeros",
        content=b"\x80\x02" + SYSTEM + b"p+000\n0g 0 \n" + COMMAND + b"\x85R.",
        codes=(0, 2),
        imports=("os.system",),
    ),
    Case(
        name="a second pickle that is broken",
        content=honest({"a": 1}) + b"\x80\x04" + RUNS + b"\xff",
        codes=(2,),
        imports=("os.system",),
        shows=("['a']",),
    ),
    Case(
        name="a list that holds the call's own list",
        content=whole(b"]", put(0), get(0), b"a", SYSTEM, COMMAND, b"\x85Ra"),
        imports=("os.system",),
        shows=("cycle",),
        executes="call",
    ),
    Case(
        name="LONG_BINPUT with the top bit",
        content=whole(integer(1), b"r" + struct.pack("<I", 2**32 - 1), RUNS),
        codes=(0, 2),
        imports=("os.system",),
    ),
    Case(name="a tuple of what a broken memo says", content=whole(group(get(5))), codes=(2,)),
)
