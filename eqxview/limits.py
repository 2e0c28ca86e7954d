"""How much a file may ask of the reader: bounds that the file itself cannot move."""

import time
from typing import NamedTuple

from eqxview.errors import LimitExceeded


class Limits(NamedTuple):
    """Bounds on reading one file. Each is a flag of the command line, named in its errors."""

    # No dataclass: `eqxview --help` lists the flags, and importing `dataclasses` takes 10 ms.

    seconds: float = 60.0
    """Wall time of reading."""
    memory: int = 2 << 30
    """Bytes by which the process may grow while it reads (where the system tells)."""
    opcodes: int = 200_000_000
    """Steps of the pickle machine."""
    stack: int = 5_000_000
    """Values that may wait to be put into a container."""
    marks: int = 200_000
    """Containers that may be open at once."""
    memo: int = 20_000_000
    """Values that the file may number for later use."""
    nesting: int = 256
    """Levels of a tree. What is deeper is not followed."""
    nodes: int | None = None
    """Nodes of a tree. `None`: as many as the file has steps for, shared containers told apart
    up to eight times, and 2,000,000 at most."""
    decompressed: int | None = None
    """Bytes after decompression. `None`: 1 GiB, or a hundred times the compressed size."""
    objects: int = 64
    """Pickles in one file, one after the other."""

    def nodes_for(self, opcodes: int) -> int:
        """Nodes that a tree may have if its file took so many steps.

        A handful of lists that hold each other many times over stand for billions of nodes.
        """
        if self.nodes is not None:
            return self.nodes
        return min(20_000 + 8 * opcodes, 2_000_000)

    def decompressed_for(self, compressed: int) -> int:
        """Bytes that a file of `compressed` bytes may unpack to."""
        if self.decompressed is not None:
            return self.decompressed
        return max(1 << 30, 100 * compressed)


class Clock:
    """Notices when the time is up."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._start = time.monotonic()

    def is_up(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self._start > self._limits.seconds

    def check(self, offset: int) -> None:
        """Raise `LimitExceeded` once the time is up; `offset` is where reading has come to."""
        if self.is_up():
            raise over_limit(
                f"reading took longer than {self._limits.seconds:g} seconds",
                flag="--max-seconds",
                offset=offset,
            )


def over_limit(what: str, *, flag: str, offset: int) -> LimitExceeded:
    """The error for a bound that was met at byte `offset`; `flag` raises the bound."""
    return LimitExceeded(
        f"{what}: stopped at byte {offset:,}",
        hint=f"if you trust the file's size, raise the limit with {flag}",
        offset=offset,
    )
