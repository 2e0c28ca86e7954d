"""Reads a file of pickles: machine, look, walk; and everything there is to say about the file."""

import time
from functools import partial

from eqxview.collector import CollectorPause
from eqxview.errors import LimitExceeded, UnreadableFile
from eqxview.limits import Clock, Limits
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.class_source import Classes
from eqxview.readers.compressed import open_bytes
from eqxview.readers.cut_short import limit_that_cut, too_many_objects
from eqxview.readers.described.look import Look
from eqxview.readers.described.values import StoredValues, reopened
from eqxview.readers.opened import OpenedFile
from eqxview.readers.pickle.function_content import function_content, is_by_value
from eqxview.readers.pickle.machine import FoldedAway, Machine
from eqxview.readers.pickle.opcodes import OPCODES
from eqxview.readers.pickle.recognise import Recognisers
from eqxview.readers.pickle.record import Record
from eqxview.readers.pickle.salvage import salvage
from eqxview.readers.reader import ReadOptions
from eqxview.readers.sniff import PICKLE
from eqxview.tree.columns import Tree
from eqxview.tree.walk import walk


class PickleReader:
    """Reads pickles, plain and compressed, of protocols 0 to 5."""

    def recognises(self, format_name: str) -> bool:
        """Whether the file holds a pickle."""
        return format_name == PICKLE

    def read(self, path: str, options: ReadOptions) -> OpenedFile:
        """The trees of all pickles in the file, one after the other."""
        start = time.perf_counter()
        limits = options.limits or Limits()
        clock = Clock(limits)
        source, compression = open_bytes(path, limits=limits, clock=clock)
        # Descriptions are many and, until the tree is built, all alive: the collector would go
        # through all of them again and again.
        with CollectorPause():
            try:
                reading = _Reading(path, source, options, limits, clock)
                reading.run()
            finally:
                source.close()
        words = ["pickle", f"protocol {reading.protocol}", compression]
        return OpenedFile(
            path,
            format=", ".join(filter(None, words)),
            nbytes=source.identity.size,
            seconds=time.perf_counter() - start,
            trees=tuple(reading.trees),
            error=reading.error,
            warnings=reading.record.warnings(),
            hints=reading.hints,
            imports=reading.record.imports(),
        )


class _Reading:
    """One file while it is read."""

    def __init__(
        self,
        path: str,
        source: ByteSource,
        options: ReadOptions,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self.trees: list[Tree] = []
        self.error: UnreadableFile | None = None
        self.record = Record()
        self.protocol = 0
        self._recognise = Recognisers(Classes(options.source_dirs))
        self._source = source
        self._limits = limits
        self._clock = clock
        self._opcodes = 0
        self._reopen = partial(_reopen, path, source.identity, limits)

    @property
    def hints(self) -> tuple[str, ...]:
        """How to learn what the file does not tell."""
        return self._recognise.hints(self.trees)

    def run(self) -> None:
        """Read pickle after pickle; stops at the first that breaks."""
        try:
            self._run()
        except MemoryError:
            # The machine has its own limit; this is the tree of what it has read.
            self.error = LimitExceeded(
                "there is not enough memory for the tree of this file",
                hint="show less of it: --max-nodes 100_000",
            )

    def _run(self) -> None:
        position = 0
        while True:
            machine, root = self._read_one(position)
            if machine is None:
                return
            position = machine.tape.position
            # The memo goes before the tree comes: each may be large.
            del machine
            self._add(root)
            if not self._is_more_at(position):
                return
            if len(self.trees) >= self._limits.objects:
                self.error = self.error or too_many_objects(self._limits, position)
                return

    def _is_more_at(self, position: int) -> bool:
        try:
            return len(self._source.read_at(position, 1)) > 0
        except UnreadableFile as error:
            # The pickle is whole: what cannot be unpacked is none of it.
            self.record.warn(f"after the pickle, {error}")
            return False

    def _read_one(self, position: int, *, shortcuts: bool = True) -> tuple[Machine | None, object]:
        """The pickle at `position`, and the machine that read it; `None` where it breaks."""
        machine = Machine(
            self._source,
            start=position,
            limits=self._limits,
            clock=self._clock,
            record=self.record,
            opcodes=self._opcodes,
            shortcuts=shortcuts,
        )
        try:
            return machine, machine.run(OPCODES)
        except FoldedAway:
            return self._read_one(position, shortcuts=False)
        except UnreadableFile as error:
            self._broken(machine, error, position)
            return None, None
        finally:
            self._opcodes = machine.opcodes
            self.protocol = max(self.protocol, machine.protocol)

    def _broken(self, machine: Machine, error: UnreadableFile, position: int) -> None:
        if not self.trees:
            self.error = error
            if (root := salvage(machine, str(error))) is not None:
                self._add(root)
            return
        # `pickle.load` stops after the first pickle: what follows may be anything.
        root = salvage(machine, str(error)) if machine.protocol else None
        if root is None:
            self.record.warn(
                f"what follows the pickle from byte {position:,} on is no pickle, and not shown"
            )
        else:
            self.error = error
            self._add(root)

    def _add(self, root: object) -> None:
        if self.trees:
            self.record.warn("pickle.load reads only the first of the pickles in this file")
        values = StoredValues(self._reopen, function_content)
        # For all trees of the file together; but each may have a beginning.
        room = self._limits.nodes_for(self._opcodes) - sum(map(len, self.trees))
        tree = walk(
            root,
            Look(values, self._recognise, has_content=is_by_value),
            values=values,
            max_nodes=max(room, 1),
            max_depth=self._limits.nesting,
            is_time_up=self._clock.is_up,
        )
        self.trees.append(tree)
        self.error = self.error or limit_that_cut(tree, self._limits)


def _reopen(path: str, identity: object, limits: Limits) -> ByteSource:
    def open_again() -> ByteSource:
        return open_bytes(path, limits=limits, clock=Clock(limits))[0]

    return reopened(path, open_again, identity)
