"""The pickle machine: runs a file's opcodes, and calls, imports and builds nothing.

It does to descriptions what `pickle.load` does to objects. There is no way from a name in the
file to an object of this process: GLOBAL makes a `Reference`, two strings; REDUCE makes a
`Call`, which nobody answers.
"""

import struct
import sys
from collections.abc import Callable
from typing import NamedTuple, Protocol

from eqxview.errors import UnreadableFile
from eqxview.limits import Clock, Limits, over_limit
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.pickle.record import Record
from eqxview.readers.pickle.tape import Tape

CHECK_EVERY = 1 << 16
"""Opcodes between two looks at the clock and at the memory: one look costs as much as ten."""


class _Folded:
    """In the memo, in the place of a tuple that a shortcut did not make."""


FOLDED = _Folded()


class FoldedAway(Exception):
    """The file asks for something that a shortcut did not make."""


class Shortcut(Protocol):
    """Reads a run of opcodes at once."""

    def read(self, m: "Machine") -> None:
        """Do what the opcodes that follow would do, or nothing."""
        ...


class Opcode(NamedTuple):
    """One instruction of the pickle language."""

    name: str
    run: "Callable[[Machine], None]"
    argument: int = 0
    """Bytes of the argument, or of its announced length."""


class Stopped(Exception):
    """The pickle has come to its STOP."""


class Machine:
    """The state of one pickle while it is read."""

    __slots__ = (
        "buffers",
        "clock",
        "is_inner",
        "limits",
        "marks",
        "memo",
        "opcodes",
        "protocol",
        "record",
        "shortcuts",
        "sparse_memo",
        "stack",
        "table",
        "tape",
    )

    def __init__(
        self,
        source: ByteSource,
        *,
        start: int = 0,
        limits: Limits | None = None,
        clock: Clock | None = None,
        record: Record | None = None,
        opcodes: int = 0,
        shortcuts: bool = True,
        is_inner: bool = False,
    ) -> None:
        self.limits = limits or Limits()
        self.clock = clock or Clock(self.limits)
        self.record = record or Record()
        self.tape = Tape(source, self.clock, start)
        self.shortcuts: dict[int, Shortcut] | None = {} if shortcuts else None
        """By the identity of the `Reference` to a function: what reads a call of it at once.
        `None`: every opcode is run by itself."""
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        """The stacks below the open marks, the outermost first."""
        self.memo: list[object] = []
        self.sparse_memo: dict[int, object] = {}
        """What was numbered out of turn; once there is anything, everything later is here."""
        self.opcodes = opcodes
        """Opcodes run so far, to the nearest `CHECK_EVERY` while the machine runs."""
        self.protocol = 0
        self.table: list[Opcode] = []
        """What each byte does, while the machine runs."""
        self.is_inner = is_inner
        """Whether this pickle stands between the opcodes of another one."""
        self.buffers = 0
        """Out-of-band buffers asked for."""

    def run(self, table: "list[Opcode]") -> object:
        """Run to STOP; returns what the pickle describes.

        Raises `UnreadableFile` where the file breaks; `stack` and `marks` then hold what had
        been described. Raises `FoldedAway` if it must be run again without shortcuts.
        """
        self.table = table
        handlers = [opcode.run for opcode in table]
        tape = self.tape
        memory = _Memory()
        begin = count = code = 0
        try:
            while True:
                for count in range(CHECK_EVERY):  # noqa: B007  read when the loop is left
                    at = tape.at
                    if at >= tape.attention:
                        tape.attend()
                        at = tape.at
                    begin = tape.base + at
                    tape.at = at + 1
                    code = tape.buffer[at]
                    handlers[code](self)
                count = 0
                self._check(memory)
        except Stopped:
            return self.stack.pop()
        except (IndexError, struct.error):
            raise self._unfit(table[code], begin) from None
        except UnicodeDecodeError:
            raise UnreadableFile(
                f"a string in the pickle is not UTF-8 (at byte {begin:,})",
                hint=_DAMAGED,
                offset=begin,
            ) from None
        except MemoryError:
            raise over_limit(
                "there is not enough memory for this file", flag="--max-memory", offset=begin
            ) from None
        finally:
            self.opcodes += count
            for end in tape.frames_crossed:
                self.record.warn(
                    f"an opcode runs across the end of its frame at byte {end:,}: other readers "
                    "may see another program in this file"
                )
            tape.frames_crossed.clear()

    def _check(self, memory: "_Memory") -> None:
        self.opcodes += CHECK_EVERY
        limits, position = self.limits, self.tape.position
        self.clock.check(position)
        for count, limit, what, flag in (
            (self.opcodes, limits.opcodes, "opcodes", "--max-opcodes"),
            (len(self.stack), limits.stack, "values are waiting on the stack", "--max-stack"),
            (len(self.marks), limits.marks, "containers are open at once", "--max-marks"),
            (
                len(self.memo) + len(self.sparse_memo),
                limits.memo,
                "values are numbered for later use",
                "--max-memo",
            ),
        ):
            if count > limit:
                raise over_limit(f"more than {limit:,} {what}", flag=flag, offset=position)
        if memory.grown() > limits.memory:
            raise over_limit(
                f"reading takes more than {limits.memory >> 20:,} MiB of memory",
                flag="--max-memory",
                offset=position,
            )

    def _unfit(self, opcode: Opcode, begin: int) -> UnreadableFile:
        """The error for an opcode at `begin` that could not be run: what did it lack?"""
        tape = self.tape
        if tape.is_at_end and begin + 1 + opcode.argument > tape.base + len(tape.buffer):
            return tape.breaks_off(f"the file breaks off inside {opcode.name}")
        return UnreadableFile(
            f"{opcode.name} at byte {begin:,} finds fewer values on the stack than it needs",
            hint=_DAMAGED,
            offset=begin,
        )

    def damaged(self, what: str) -> UnreadableFile:
        """The error for a file whose content makes no sense here."""
        position = self.tape.position
        return UnreadableFile(f"{what} (at byte {position:,})", hint=_DAMAGED, offset=position)

    def put(self, index: int, value: object) -> None:
        """Number `value`."""
        memo = self.memo
        if index < 0:
            raise self.damaged(f"a value is numbered {index:,}: numbers begin at 0")
        if index < len(memo):
            memo[index] = value
        elif index == len(memo) and not self.sparse_memo:
            memo.append(value)
        else:
            # Not a longer list: the file would choose how much memory that takes.
            self.sparse_memo[index] = value

    def get(self, index: int) -> object:
        """The value numbered `index`."""
        if 0 <= index < len(self.memo):
            value = self.memo[index]
            if value is FOLDED:
                raise FoldedAway
            return value
        try:
            return self.sparse_memo[index]
        except KeyError:
            raise self.damaged(f"value number {index:,} is asked for, but never stored") from None

    def since_mark(self) -> list[object]:
        """The values above the last mark, which is taken away; the stack is then without them."""
        items = self.stack
        self.stack = self.marks.pop()
        return items


_DAMAGED = "the file is damaged, or is no pickle: fetch it again from where it came"

# Of a block that Python allocates for a small object; the averages seen lie between 48 and 80.
_BLOCK = 64


class _Memory:
    """By how much the process has grown since this was made, by the larger of two measures."""

    def __init__(self) -> None:
        self._peak = _peak_memory()
        self._blocks = sys.getallocatedblocks()

    def grown(self) -> int:
        """Bytes; an estimate where the system does not say."""
        # The peak alone will not do: it has that of the process that started this one in it.
        blocks = sys.getallocatedblocks() - self._blocks
        return max(_peak_memory() - self._peak, _BLOCK * blocks)


if sys.platform == "win32":

    def _peak_memory() -> int:
        return 0

else:
    import resource

    _UNIT = 1 if sys.platform == "darwin" else 1024

    def _peak_memory() -> int:
        """Bytes of memory that the process has had at most; 0 where the system does not say."""
        # A system call that opens no file, unlike /proc.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
