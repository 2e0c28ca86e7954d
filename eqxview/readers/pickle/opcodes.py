"""The table of all opcodes of protocols 0 to 5."""

from typing import NoReturn

from eqxview.errors import UnreadableFile
from eqxview.readers.pickle.container_opcodes import CONTAINER_OPCODES
from eqxview.readers.pickle.machine import Machine, Opcode
from eqxview.readers.pickle.object_opcodes import OBJECT_OPCODES
from eqxview.readers.pickle.plain_opcodes import PLAIN_OPCODES


def _unknown(m: Machine) -> NoReturn:
    m.tape.at -= 1
    offset = m.tape.position
    code = m.tape.buffer[m.tape.at]
    raise UnreadableFile(
        f"byte {offset:,} is {code:#04x}, which is no instruction of a pickle",
        hint="the file is damaged, or is no pickle: fetch it again from where it came",
        offset=offset,
    )


_BY_CODE = {**PLAIN_OPCODES, **CONTAINER_OPCODES, **OBJECT_OPCODES}

OPCODES: list[Opcode] = [
    _BY_CODE.get(code, Opcode(f"opcode {code:#04x}", _unknown)) for code in range(256)
]
"""What each byte does."""
