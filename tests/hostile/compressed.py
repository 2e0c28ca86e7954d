"""Bombs and broken streams in gzip, bzip2, xz and zstd."""

import bz2
import gzip
import lzma
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

from hostile.assemble import call, honest, integer, mapping, reference, text, whole
from hostile.case import MARKER, Case

_HONEST = honest({"weight": [1.5, 2.5], "bias": None})
_SHOWS = ("['weight']", "['bias']")
_HEAD = b"\x80\x04"
_RUNS = whole(call(reference("os", "system"), text(f"touch {MARKER}")))
_NOISE = random.Random(0).randbytes(2_000_000)
_LONG = whole(
    mapping(
        (text("first"), integer(1)),
        (text("noise"), b"B" + struct.pack("<I", len(_NOISE)) + _NOISE),
        (text("last"), integer(2)),
    )
)

_GIGABYTE = 2**30


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(data)


PACKERS: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
    ("gzip", ".pkl.gz", lambda data: gzip.compress(data, 6, mtime=0)),
    ("bzip2", ".pkl.bz2", bz2.compress),
    ("xz", ".pkl.xz", lzma.compress),
    ("zstd", ".pkl.zst", _zstd),
)


@cache
def _zeros(pack: Callable[[bytes], bytes]) -> bytes:
    """One compressed member of 32 MiB of zero bytes."""
    return pack(bytes(2**25))


def _bomb(pack: Callable[[bytes], bytes], head: bytes, gigabytes: int) -> Callable[[], bytes]:
    """`head` and then gigabytes of zeros: these formats allow members one after the other."""
    return lambda: pack(head) + _zeros(pack) * (32 * gigabytes)


def _matryoshka(pack: Callable[[bytes], bytes], levels: int) -> Callable[[], bytes]:
    def content() -> bytes:
        data = _HONEST
        for _ in range(levels):
            data = pack(data)
        return data

    return content


def _xz_with_dictionary(code: int) -> bytes:
    """An xz file whose header asks for a dictionary of up to 4 GiB (`code` 40)."""
    data = bytearray(lzma.compress(_HONEST))
    # The block header follows the stream header of 12 bytes; its LZMA2 filter is id 0x21, one
    # byte of properties, which is the dictionary size. A CRC32 closes the header.
    size = (data[12] + 1) * 4
    place = data.index(b"\x21\x01", 12) + 2
    data[place] = code
    data[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(data[12 : 12 + size - 4]))
    return bytes(data)


def _lzma_alone(dictionary: int, size: int) -> bytes:
    data = bytearray(lzma.compress(_HONEST, format=lzma.FORMAT_ALONE))
    data[1:13] = struct.pack("<IQ", dictionary, size)
    return bytes(data)


def _zstd_of_runs(head: bytes, blocks: int, *, window: int = 0x38) -> bytes:
    """A zstd frame written by hand: a raw block, then blocks of 4 bytes for 128 KiB each."""
    out = [b"\x28\xb5\x2f\xfd\x00", bytes([window]), struct.pack("<I", len(head) << 3)[:3], head]
    run = struct.pack("<I", (2**17 << 3) | 2)[:3] + b"\0"
    out += [run] * (blocks - 1)
    out.append(struct.pack("<I", (2**17 << 3) | 3)[:3] + b"\0")
    return b"".join(out)


def _of(name: str, suffix: str, pack: Callable[[bytes], bytes]) -> tuple[Case, ...]:
    def case(what: str, content: bytes | Callable[[], bytes], **expected) -> Case:
        return Case(name=f"{name} {what}", content=content, suffix=suffix, **expected)

    # A text, a list and bytes that claim what the zeros then fill.
    text_head = _HEAD + b"\x8d" + struct.pack("<Q", 4 * _GIGABYTE)
    bytes_head = _HEAD + b"\x8e" + struct.pack("<Q", 3 * _GIGABYTE)
    bounds = {"codes": (2,), "seconds": 12.0, "mebibytes": 96, "faces": ("print",)}
    lowered = {**bounds, "options": ("--max-decompressed", "100_000_000"), "seconds": 4.0}
    # The limit that holds by default is tried where unpacking is fast enough for it.
    whole_gigabyte = bounds if name in ("gzip", "zstd") else lowered
    return (
        case("honest", pack(_HONEST), shows=_SHOWS),
        case("that runs code", pack(_RUNS), imports=("os.system",)),
        case("bomb of zero opcodes", _bomb(pack, _HEAD, 4), **lowered),
        case(
            "bomb behind STOP",
            _bomb(pack, _HONEST, 4),
            **{**lowered, "codes": (0, 2)},
            shows=_SHOWS,
        ),
        case("bomb in one text", _bomb(pack, text_head, 4), **lowered),
        case("bomb in one bytes", _bomb(pack, bytes_head, 4), **whole_gigabyte),
        case("bomb in one line", _bomb(pack, b"V", 4), **lowered),
        case(
            "of gigabytes that are declared and not there",
            lambda: pack(bytes_head + bytes(100)),
            **bounds,
        ),
        case("in itself, three levels", _matryoshka(pack, 3), codes=(0, 2)),
        case("in itself, 60 levels", _matryoshka(pack, 60), codes=(0, 2)),
        case("cut in the middle", _damaged(pack, _cut_in_half), codes=(2,), shows=("['first']",)),
        case(
            "cut one byte before its end",
            _damaged(pack, lambda data: data[:-1]),
            codes=(0, 2),
            shows=("['first']", "['last']"),
            # Of a zstd stream no more is known than that it has ended; its content is whole.
            warns=name != "zstd",
        ),
        case("cut in its header", _damaged(pack, lambda data: data[:5]), codes=(2,)),
        case("of one byte of its header", _damaged(pack, lambda data: data[:1]), codes=(2,)),
        case(
            "with a flipped bit in the middle",
            _damaged(pack, lambda data: _flipped(data, len(data) // 2)),
            codes=(0, 2),
            warns=True,
        ),
        case(
            "with a flipped bit in its checksum",
            _damaged(pack, lambda data: _flipped(data, -6)),
            codes=(0, 2),
            warns=name != "xz",
        ),
        case(
            "and text behind it",
            pack(_HONEST) + b"hello, this is not compressed",
            codes=(0, 2),
            shows=_SHOWS,
        ),
        case("and zeros behind it", pack(_HONEST) + bytes(64), codes=(0, 2), shows=_SHOWS),
        case("in two members", pack(_HONEST[:10]) + pack(_HONEST[10:]), shows=_SHOWS),
        case(
            "in 2,000 members",
            b"".join(pack(_HONEST[i : i + 1]) for i in range(len(_HONEST))) + pack(b"") * 2000,
            codes=(0, 2),
            shows=_SHOWS,
        ),
        case("of nothing", pack(b""), codes=(2,)),
        case("of text", pack(b"This is a text file.\n" * 100), codes=(2,)),
        case("of zero bytes", pack(bytes(1000)), codes=(2,)),
        case("under the wrong suffix", pack(_HONEST), shows=_SHOWS)
        if name == "gzip"
        else case("of a broken pickle", pack(_HONEST[:-1]), codes=(2,), shows=("['weight']",)),
    )


@cache
def _packed(pack: Callable[[bytes], bytes]) -> bytes:
    """A few blocks of what cannot be compressed, so that damage leaves something to read."""
    return pack(_LONG)


def _damaged(
    pack: Callable[[bytes], bytes], damage: Callable[[bytes], bytes]
) -> Callable[[], bytes]:
    return lambda: damage(_packed(pack))


def _cut_in_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 0x10
    return bytes(changed)


CASES = (
    *(case for packer in PACKERS for case in _of(*packer)),
    *(
        Case(
            name=f"xz with a dictionary of code {code}",
            content=_xz_with_dictionary(code),
            suffix=".xz",
            codes=(0, 2),
            mebibytes=128,
        )
        for code in (30, 37, 40, 41)
    ),
    *(
        Case(
            name=f"lzma of the old format with a dictionary of {dictionary:,}",
            content=_lzma_alone(dictionary, 2**64 - 1),
            suffix=".lzma",
            codes=(0, 2),
            mebibytes=128,
        )
        for dictionary in (2**20, 2**32 - 1)
    ),
    Case(
        name="zstd of blocks that repeat a byte",
        content=_zstd_of_runs(_HEAD, 30_000),
        suffix=".zst",
        codes=(2,),
        seconds=12.0,
        mebibytes=96,
        faces=("print",),
    ),
    *(
        Case(
            name=f"zstd with a window of code 0x{window:02x}",
            content=_zstd_of_runs(_HONEST, 2, window=window),
            suffix=".zst",
            codes=(0, 2),
            mebibytes=160,
        )
        for window in (0x58, 0xA8, 0xFF)
    ),
    Case(name="gzip named .xz", content=PACKERS[0][2](_HONEST), suffix=".xz", shows=_SHOWS),
    Case(name="plain pickle named .gz", content=_HONEST, suffix=".gz", shows=_SHOWS),
    Case(
        name="bzip2 in xz in gzip",
        content=gzip.compress(lzma.compress(bz2.compress(_HONEST)), mtime=0),
        codes=(0, 2),
    ),
    Case(
        name="gzip whose header names a file with controls",
        content=b"\x1f\x8b\x08\x18\0\0\0\0\0\xff\x1b[2J\x1b]52;c;x\x07\0\x1b[2J\0"
        + zlib.compress(_HONEST, wbits=-15)
        + struct.pack("<II", zlib.crc32(_HONEST), len(_HONEST)),
        shows=_SHOWS,
    ),
    Case(
        name="gzip whose header's name does not end",
        content=b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"n" * 5_000_000,
        codes=(2,),
    ),
    Case(
        name="gzip that lies about its length",
        content=gzip.compress(_HONEST, mtime=0)[:-4] + b"\xff\xff\xff\xff",
        codes=(0, 2),
        shows=_SHOWS,
    ),
)
