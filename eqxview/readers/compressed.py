"""Bytes of a compressed file, by position: unpacked forward, in pieces, and forgotten behind.

Memory stays the same whatever the file unpacks to, and the bytes that come out are counted: a
few kilobytes can stand for terabytes.
"""

import os
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from eqxview.errors import MissingExtra, UnreadableFile
from eqxview.limits import Clock, Limits, over_limit
from eqxview.readers.byte_source import ByteSource, FileBytes

_INPUT = 1 << 16
_OUTPUT = 1 << 18

MAX_DICTIONARY = 1 << 28
"""Bytes of history that a file may make the unpacking remember: xz -9 needs 64 MiB."""


class Compression(NamedTuple):
    """One way of compressing."""

    name: str
    """As users call it."""
    suffix: str
    magic: bytes
    unpacker: "Callable[[FileBytes], Unpacker]"


class Unpacker(Protocol):
    """Unpacks a file from its beginning."""

    def read(self) -> bytes:
        """The next piece, of at most some 256 KiB; empty at the end."""
        ...


class _Members:
    """Unpacks one compressed stream after another, as `cat a.gz b.gz` makes them."""

    def __init__(self, file: FileBytes, new: Callable[[], Any]) -> None:
        self._file = file
        self._new = new
        self._one = new()
        self._offset = 0
        self._input = b""
        self._started = False

    def read(self) -> bytes:
        while True:
            if self._one.eof:
                self._input = self._one.unused_data
                if not self._input.strip(b"\0") and not self._more_than_zeros():
                    return b""
                self._one = self._new()
            if self._one.needs_input and not self._input:
                self._input = self._next_input()
                if not self._input:
                    raise EOFError
            piece = self._one.decompress(self._input, _OUTPUT)
            self._input = b""
            if piece:
                return piece

    def _next_input(self) -> bytes:
        data = self._file.read_at(self._offset, _INPUT)
        self._offset += len(data)
        return data

    def _more_than_zeros(self) -> bool:
        """Look for another stream behind this one; padding of zeros is allowed."""
        while data := self._next_input():
            if data := data.lstrip(b"\0"):
                self._input = data
                return True
        return False


class _Deflate:
    """`zlib`'s decompressor with the manners of those of `bz2` and `lzma`."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail and not self._held_back

    _held_back = False
    _failure: zlib.error | None = None

    def decompress(self, data: bytes, limit: int) -> bytes:
        if self._failure is not None:
            raise self._failure
        data = self._inner.unconsumed_tail + data
        before = self._inner.copy()
        try:
            piece = self._inner.decompress(data, limit)
        except zlib.error as failure:
            # Often it is the checksum at the very end that is wrong.
            self._failure = failure
            piece = _before_damage(before, data, limit)
            if not piece:
                raise
        # A full piece may have more behind it, though all input is taken.
        self._held_back = self._failure is not None or len(piece) == limit
        return piece


def _before_damage(inner: Any, data: bytes, limit: int) -> bytes:
    """What `data` unpacks to up to the damage in it, found by halving."""
    sound, broken = 0, len(data)
    piece = b""
    while broken - sound > 1:
        middle = (sound + broken) // 2
        try:
            piece = inner.copy().decompress(data[:middle], limit)
            sound = middle
        except zlib.error:
            broken = middle
    return piece


class _Zstandard:
    def __init__(self, file: FileBytes) -> None:
        try:
            import zstandard
        except ImportError:
            raise MissingExtra("reading a file compressed with Zstandard", extra="zstd") from None
        self._stream = zstandard.ZstdDecompressor(max_window_size=MAX_DICTIONARY).stream_reader(
            _Sequential(file),  # pyright: ignore[reportArgumentType]  only `read` is called
            read_across_frames=True,
        )
        self._error = zstandard.ZstdError

    def read(self) -> bytes:
        try:
            # `read` would lose what comes before damage; `read1` gives it first.
            return self._stream.read1(_OUTPUT)
        except self._error as error:
            raise ValueError(str(error)) from None


class _Sequential:
    """A `FileBytes` with a `read`."""

    def __init__(self, file: FileBytes) -> None:
        self._file = file
        self._offset = 0

    def read(self, length: int = -1) -> bytes:
        data = self._file.read_at(self._offset, _INPUT if length < 0 else length)
        self._offset += len(data)
        return data


def _gzip(file: FileBytes) -> Unpacker:
    return _Members(file, lambda: _Deflate(31))


def _zlib(file: FileBytes) -> Unpacker:
    return _Members(file, lambda: _Deflate(15))


def _bzip2(file: FileBytes) -> Unpacker:
    import bz2

    return _Members(file, bz2.BZ2Decompressor)


def _xz(file: FileBytes) -> Unpacker:
    import lzma

    return _Members(file, lambda: lzma.LZMADecompressor(memlimit=MAX_DICTIONARY))


COMPRESSIONS: tuple[Compression, ...] = (
    Compression("gzip", ".gz", b"\x1f\x8b\x08", _gzip),
    Compression("bzip2", ".bz2", b"BZh", _bzip2),
    Compression("xz", ".xz", b"\xfd7zXZ\x00", _xz),
    Compression("zstd", ".zst", b"\x28\xb5\x2f\xfd", _Zstandard),
    # joblib's default. Two bytes are a weak sign; but no pickle begins with x.
    Compression("zlib", ".z", b"\x78\x01", _zlib),
    Compression("zlib", ".z", b"\x78\x5e", _zlib),
    Compression("zlib", ".z", b"\x78\x9c", _zlib),
    Compression("zlib", ".z", b"\x78\xda", _zlib),
)
"""Compressions by the bytes that such a file begins with."""


def compression_of(head: bytes) -> Compression | None:
    """How a file that begins with `head` is compressed."""
    for compression in COMPRESSIONS:
        if head.startswith(compression.magic):
            if compression.name == "bzip2" and head[4:10] not in _BZIP2_BLOCKS:
                continue
            return compression
    return None


# A block, or the end of an empty file: three letters alone begin many a text.
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")


class UnpackedBytes:
    """A compressed file's content. Going back in it unpacks it once more from the beginning."""

    def __init__(
        self, file: FileBytes, compression: Compression, *, limits: Limits, clock: Clock
    ) -> None:
        self.identity = file.identity
        self.size: int | None = None
        """Bytes of the content; `None` until its end was reached."""
        self._file = file
        self._compression = compression
        self._limit = limits.decompressed_for(file.size)
        self._clock = clock
        self._rewind()

    def _rewind(self) -> None:
        self._unpacker = self._compression.unpacker(self._file)
        self._pieces = b""
        self._begin = 0
        self._failure: UnreadableFile | None = None

    def read_at(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; fewer at the end, or before what cannot be unpacked.

        Raises `UnreadableFile` when there is not one byte before that: what comes before the
        damage can be read.
        """
        if offset < self._begin:
            self._rewind()
        try:
            while (
                self._failure is None
                and self._begin + len(self._pieces) < offset + length
                and self._go_on(offset)
            ):
                pass
        except UnreadableFile as failure:
            self._failure = failure
        begin = offset - self._begin
        data = self._pieces[begin : begin + length] if begin >= 0 else b""
        if not data and length and self._failure is not None:
            raise self._failure
        return data

    def _go_on(self, offset: int) -> bool:
        """Unpack one more piece and forget what lies before `offset`; false at the end."""
        position = self._begin + len(self._pieces)
        if self.size is not None and position >= self.size:
            return False
        try:
            piece = self._unpacker.read()
        except UnreadableFile:
            raise
        except EOFError:
            raise UnreadableFile(
                f"the {self._compression.name} file breaks off after {position:,} bytes of content",
                hint="a download or copy may be unfinished: compare its size with the original's",
                offset=position,
            ) from None
        except Exception as error:  # noqa: BLE001  four libraries, each with its own errors
            raise UnreadableFile(
                f"the {self._compression.name} file is damaged after {position:,} bytes of "
                f"content: {error}",
                hint="fetch the file again from where it came",
                offset=position,
            ) from None
        if not piece:
            self.size = position
            return False
        if position + len(piece) > self._limit:
            raise over_limit(
                f"the file unpacks to more than {self._limit:,} bytes",
                flag="--max-decompressed",
                offset=position,
            )
        self._clock.check(position)
        if offset >= position:
            self._pieces, self._begin = piece, position
        else:
            drop = max(offset - self._begin, 0)
            self._pieces, self._begin = self._pieces[drop:] + piece, self._begin + drop
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_bytes(path: str, *, limits: Limits, clock: Clock) -> tuple[ByteSource, str]:
    """The content of the file at `path`, unpacked if need be, and the name of its compression.

    The name is empty for a file that is not compressed. Raises `UnreadableFile` for what
    cannot be opened, `MissingExtra` for a compression that is not installed.
    """
    file = FileBytes(os.fspath(path))
    try:
        compression = compression_of(file.read_at(0, 16))
        if compression is None:
            return file, ""
        return UnpackedBytes(file, compression, limits=limits, clock=clock), compression.name
    except BaseException:
        file.close()
        raise
