"""Bytes of a file by position, without mapping it into memory."""

import errno
import os
import stat
import threading
from typing import NamedTuple, Protocol

from eqxview.errors import UnreadableFile
from eqxview.tree.sanitise import sanitise


class ByteSource(Protocol):
    """Bytes by position."""

    @property
    def size(self) -> int | None:
        """Bytes in all; `None` while it is not known (a compressed file, not read to its end)."""
        ...

    @property
    def identity(self) -> "Identity":
        """What tells the file from another one that is later put in its place."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; fewer only at the end."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class Identity(NamedTuple):
    """What tells that a file is still the one that was read."""

    device: int
    inode: int
    size: int
    modified: int


class FileBytes:
    """A regular file, read in place.

    Reads go through `os.pread`: a memory map dies with SIGBUS when the file is truncated
    while it is open, and a shared file position is no good with more than one thread.
    Raises `UnreadableFile` for whatever cannot be opened or is no regular file.
    """

    def __init__(self, path: str) -> None:
        self._file = -1
        shown = sanitise(path)
        try:
            found = os.stat(path)
            # Before it is opened: opening a pipe waits for a writer, opening a device may act.
            _refuse_irregular(shown, found.st_mode)
            self._file = os.open(path, _FLAGS)
            found = os.fstat(self._file)
            _refuse_irregular(shown, found.st_mode)
        except ValueError:
            raise UnreadableFile(
                f"'{shown}' cannot be a file name: it contains a null character"
            ) from None
        except OSError as error:
            raise UnreadableFile(_reason(shown, error), hint=_hint(error)) from None
        except UnreadableFile:
            self.close()
            raise
        self.size: int = found.st_size
        self.identity = Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        self._shown = shown
        self._lock = threading.Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; fewer at the end of the file."""
        try:
            data = self._read_once(offset, length)
            # One read returns at most 2 GiB, and may be interrupted.
            if len(data) < length and data:
                parts = [data]
                while data and (length := length - len(data)):
                    offset += len(data)
                    data = self._read_once(offset, length)
                    parts.append(data)
                return b"".join(parts)
        except OSError as error:
            raise UnreadableFile(
                f"'{self._shown}' cannot be read at byte {offset:,}: {error.strerror}",
                hint="check the disk, or the network that the file comes from",
                offset=offset,
            ) from None
        return data

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    if hasattr(os, "pread"):

        def _read_once(self, offset: int, length: int) -> bytes:
            return os.pread(self._file, length, offset)

    else:

        def _read_once(self, offset: int, length: int) -> bytes:
            with self._lock:
                os.lseek(self._file, offset, os.SEEK_SET)
                return os.read(self._file, length)


_FLAGS = os.O_RDONLY
for _name in ("O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK", "O_BINARY"):
    # Not every system has all of them. Without O_NONBLOCK, a pipe put in the file's place
    # between `stat` and `open` would keep us waiting.
    _FLAGS |= getattr(os, _name, 0)


def _refuse_irregular(shown: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    for is_kind, kind, hint in _IRREGULAR:
        if is_kind(mode):
            raise UnreadableFile(f"'{shown}' is {kind}, not a file", hint=hint)
    raise UnreadableFile(f"'{shown}' is not a regular file", hint=_NAME_A_FILE)


_NAME_A_FILE = "name a file, e.g.: eqxview model.pkl"
_SAVE_FIRST = "eqxview reads here and there in a file: save the data to one, and name that"
_IRREGULAR = (
    (stat.S_ISDIR, "a directory", "name a file in it"),
    (stat.S_ISFIFO, "a pipe", _SAVE_FIRST),
    (stat.S_ISSOCK, "a socket", _SAVE_FIRST),
    (stat.S_ISCHR, "a device", _SAVE_FIRST),
    (stat.S_ISBLK, "a device", _SAVE_FIRST),
)


def _reason(shown: str, error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return f"there is no file '{shown}'"
    return f"'{shown}' cannot be opened: {error.strerror}"


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return "check the spelling and the current directory; or see a model: eqxview demo"
        case errno.EACCES | errno.EPERM:
            return "check the permissions: ls -l shows them"
        case errno.ELOOP:
            return "the symbolic links point at each other: ls -l shows where"
    return _NAME_A_FILE
