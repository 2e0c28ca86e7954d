"""One hostile file, and what is expected of eqxview."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MARKER = "touched"
"""The file, in the current folder, that a payload makes when it runs."""

CANARY = "eqxview_canary"
"""A module on the import path whose import makes the marker, and all it holds, too."""

Face = Literal["print", "colour", "json"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is in the file, and what is to be seen when it is opened."""

    name: str
    content: bytes | Callable[[], bytes] | None = None
    """The file's bytes, or what makes them when they are wanted."""
    place: Callable[[Path], Path] | None = None
    """For what is no plain file: makes it in a folder, and returns the path to open."""
    suffix: str = ".pkl"
    codes: tuple[int, ...] = (0,)
    """Exit codes that are right."""
    shows: tuple[str, ...] = ()
    """Must stand in the printed tree."""
    says: tuple[str, ...] = ()
    """One of them must stand in the error, in any case."""
    imports: tuple[str, ...] = ()
    """Must be listed among what the usual way would import."""
    warns: bool = False
    """Something must be said: a warning, a note on a node, or an error."""
    offset: int | tuple[int, int] | None = None
    """Where the error is: a byte, or the first and last byte it may name."""
    executes: Literal["", "import", "call"] = ""
    """How `pickle.load` of this file makes the marker, if it does (a test proves it)."""
    seconds: float = 2.0
    """CPU seconds that one face may take."""
    mebibytes: int = 64
    """Memory that one face may take on top of the idle process."""
    output: int = 2**22
    """Bytes that one face may print."""
    faces: tuple[Face, ...] = ("print", "colour", "json")
    options: tuple[str, ...] = ()
    """More of the command line, e.g. a lower limit: what is refused then costs less time."""

    def write(self, folder: Path) -> Path:
        """Make the file in `folder`; return the path to open."""
        if self.place is not None:
            return self.place(folder)
        path = folder / f"{self.name.replace(' ', '_').replace('/', '_')}{self.suffix}"
        path.write_bytes(self.bytes())
        return path

    def bytes(self) -> bytes:
        """The file's bytes."""
        assert self.content is not None
        return self.content if isinstance(self.content, bytes) else self.content()
