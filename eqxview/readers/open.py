"""Opens any file that eqxview reads."""

import os

from eqxview.errors import UnreadableFile
from eqxview.limits import Clock, Limits
from eqxview.readers.compressed import open_bytes
from eqxview.readers.eqx import EqxReader
from eqxview.readers.opened import OpenedFile
from eqxview.readers.pickle.reader import PickleReader
from eqxview.readers.reader import Reader, ReadOptions
from eqxview.readers.sniff import sniff
from eqxview.tree.sanitise import sanitise

READERS: tuple[Reader, ...] = (PickleReader(), EqxReader())
"""Every format that is read. `sniff` says which one a file has; the first that takes it reads."""


def open_file(path: str | os.PathLike[str], options: ReadOptions | None = None) -> OpenedFile:
    """The file at `path`: its trees, and what there is to say about it. Nothing in it is run.

    A file that breaks off is returned with its `error`. Raises `UnreadableFile` for one that
    cannot be opened or is of no format that we read, `MissingExtra` where its compression
    needs a library that is not installed.
    """
    path = os.fspath(path)
    options = options or ReadOptions()
    limits = options.limits or Limits()
    source, compression = open_bytes(path, limits=limits, clock=Clock(limits))
    try:
        format_name = sniff(path, source, compression=compression)
    finally:
        source.close()
    for reader in READERS:
        if reader.recognises(format_name):
            return reader.read(path, options)
    raise UnreadableFile(f"'{sanitise(path)}' is of a format that is not read: {format_name}")
