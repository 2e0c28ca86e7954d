"""What a reader is: one file format, recognised by content and read without running it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from eqxview.limits import Limits
from eqxview.readers.opened import OpenedFile


class ReadOptions(NamedTuple):
    """How the user wants a file read."""

    source_dirs: Sequence[str] = ()
    """Directories (or Python files) whose *source* may tell which fields are static."""
    limits: Limits | None = None
    """How much a file may ask of the reader; `None` for the defaults."""


class Reader(Protocol):
    """Reads one format."""

    def recognises(self, format_name: str) -> bool:
        """Whether a file of this format (a name from `sniff`) is ours."""
        ...

    def read(self, path: str, options: ReadOptions) -> OpenedFile:
        """The file at `path`.

        A file that breaks off is returned with its `error`; one that cannot be opened at all
        raises `UnreadableFile`.
        """
        ...
