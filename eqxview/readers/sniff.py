"""What a file is: its content is asked first, its suffix second."""

import os
from typing import NamedTuple

from eqxview.errors import EqxviewError, UnreadableFile
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.compressed import compression_of
from eqxview.tree.sanitise import sanitise

PICKLE = "pickle"
ARRAYS = "arrays"
"""`.npy` records, one or many: NumPy's and Equinox's files, and checkpoints of eqxcore."""

HEAD = 512
"""Bytes from the beginning of a file that say what it is."""


class Format(NamedTuple):
    """A format that is recognised but not read yet."""

    name: str
    hint: str


_LOAD_IT = "to look at it now, load it in Python and call eqxview.tree_of(...) on what you get"
_OPEN_INSTEAD = "pickle the object once more, in Python: pickle.dump(model, open('m.pkl', 'wb'))"

# A checkpoint of a pytree without arrays begins with what others end with.
_ARRAY_MAGICS = (b"\x93NUMPY", b"\x93EQXMAN\n")
_PREFACE = 1 << 16
"""Bytes that may stand before the first array: a line of settings, as JSON."""

_MAGICS: tuple[tuple[bytes, Format], ...] = (
    (b"\x89HDF\r\n\x1a\n", Format("an HDF5 file", _LOAD_IT)),
    (b"GGUF", Format("a GGUF file", _LOAD_IT)),
    (b"\x7fELF", Format("a program, not a model", _LOAD_IT)),
    (b"%PDF-", Format("a PDF document, not a model", _LOAD_IT)),
    (b"\x89PNG\r\n", Format("a picture, not a model", _LOAD_IT)),
    (b"7z\xbc\xaf\x27\x1c", Format("a 7-Zip archive", "unpack it: 7z x FILE")),
    (b"Rar!\x1a\x07", Format("a RAR archive", "unpack it: unrar x FILE")),
)

_SUFFIXES = {
    ".msgpack": Format("a Flax msgpack file", _LOAD_IT),
    ".npz": Format("an .npz archive of NumPy arrays", _LOAD_IT),
    ".safetensors": Format("a safetensors file", _LOAD_IT),
    ".h5": Format("an HDF5 file", _LOAD_IT),
    ".hdf5": Format("an HDF5 file", _LOAD_IT),
    ".keras": Format("a Keras archive", _LOAD_IT),
    ".gguf": Format("a GGUF file", _LOAD_IT),
    ".onnx": Format("an ONNX model", _LOAD_IT),
}

_PICKLE_SUFFIXES = frozenset({".pkl", ".pickle", ".pck", ".pcl", ".p", ".joblib", ".dill"})

# Opcodes that a pickle of protocol 0 or 1 can begin with: it has no magic number.
_OLD_BEGINNINGS = frozenset(b"(])}cNIFLSVGJKMUTXPl\x85\x8f")


def sniff(path: str, source: ByteSource, *, compression: str = "") -> str:
    """The name of the format of the content of `source`, which was found at `path`.

    Raises `UnreadableFile` for what eqxview does not read, with what it is instead.
    """
    shown = sanitise(os.path.basename(path) or path)
    head = source.read_at(0, HEAD)
    if not head:
        where = f"'{shown}' is empty" if not compression else f"'{shown}' has no content"
        raise UnreadableFile(
            where, hint="the program that wrote it may have stopped: look at the file's date"
        )
    if error := _mistaken(shown, head):
        raise error
    if compression and (twice := compression_of(head)) is not None:
        raise UnreadableFile(
            f"'{shown}' is compressed twice, with {compression} around {twice.name}",
            hint="unpack it once, and open the result",
        )
    if head.startswith(_ARRAY_MAGICS):
        return ARRAYS
    found = _recognised(head, source)
    if found is not None:
        raise _not_yet(shown, found)
    if head[0] == 0x80 and len(head) > 1 and head[1] < 0x20:
        return PICKLE
    suffix = _suffix(path)
    if suffix in _PICKLE_SUFFIXES:
        return PICKLE
    if suffix in (".eqx", ".npy"):
        if preface_of(source):
            return ARRAYS
        raise UnreadableFile(
            f"'{shown}' holds no arrays as NumPy and Equinox write them: it begins with "
            f"{_beginning(head)}",
            hint="it may have been written with a filter_spec; " + _LOAD_IT,
            offset=0,
        )
    if suffix in _SUFFIXES:
        raise _not_yet(shown, _SUFFIXES[suffix])
    if head[0] in _OLD_BEGINNINGS and _ends_with_stop(source):
        return PICKLE
    raise UnreadableFile(
        f"'{shown}' is no pickle: it begins with {_beginning(head)}",
        hint="eqxview reads pickles (.pkl, .pickle), .eqx and .npy, also .gz .bz2 .xz .zst; "
        + _OPEN_INSTEAD,
        offset=0,
    )


def preface_of(source: ByteSource) -> bytes:
    """The line or lines of text before the first array of a file; empty where there are none.

    Many programs write their settings there, before `tree_serialise_leaves`.
    """
    head = source.read_at(0, HEAD)
    if head.startswith(_ARRAY_MAGICS):
        return b""
    head = source.read_at(0, _PREFACE)
    end = head.find(b"\n" + _ARRAY_MAGICS[0]) + 1
    text = head[:end]
    return text if end and b"\0" not in text else b""


def _not_yet(shown: str, found: Format) -> EqxviewError:
    return UnreadableFile(
        f"'{shown}' is {found.name}: eqxview does not read these yet", hint=found.hint
    )


def _mistaken(shown: str, head: bytes) -> UnreadableFile | None:
    """Files that stand where a model should be."""
    if head.startswith(b"version https://git-lfs.github.com/spec/"):
        return UnreadableFile(
            f"'{shown}' is a Git LFS pointer: the file itself was not downloaded",
            hint="in the repository, run: git lfs pull",
        )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return UnreadableFile(
            f"'{shown}' is an HTML page: a login or error page was saved in the file's place",
            hint="open it in a browser to read it, and download the file again from its raw link",
        )
    if text.startswith((b"<?xml", b"<error", b"<svg")):
        return UnreadableFile(
            f"'{shown}' is an XML document, e.g. a storage service's error message",
            hint=f"read it: head -c 500 '{shown}'",
        )
    return None


def _recognised(head: bytes, source: ByteSource) -> Format | None:
    for magic, found in _MAGICS:
        if head.startswith(magic):
            return found
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(head)
    if head[257:262] == b"ustar":
        return Format("a tar archive", "unpack it: tar xf FILE")
    header = int.from_bytes(head[:8], "little")
    # The length of a JSON header, then the header.
    if head[8:9] == b"{" and 1 < header <= (source.size or 1 << 62):
        return Format("a safetensors file", _LOAD_IT)
    return None


def _zip(head: bytes) -> Format:
    length = int.from_bytes(head[26:28], "little")
    name = head[30 : 30 + length]
    if name.endswith(b".npy"):
        return Format("an .npz archive of NumPy arrays", _LOAD_IT)
    if name.endswith(b"/data.pkl") or b"/.format_version" in name or b"/byteorder" in name:
        return Format("a PyTorch checkpoint", _LOAD_IT)
    if name.endswith((b"metadata.json", b"config.json", b"model.weights.h5")):
        return Format("a Keras archive", _LOAD_IT)
    return Format("a zip archive", "unpack it: unzip FILE")


def _suffix(path: str) -> str:
    """The suffix that says what the content is: that before `.gz`."""
    stem, suffix = os.path.splitext(path.lower())
    if suffix in (".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd", ".z"):
        suffix = os.path.splitext(stem)[1]
    return suffix


def _ends_with_stop(source: ByteSource) -> bool:
    # Of a compressed file the end is not known; then a plausible beginning must do.
    return source.size is None or source.read_at(source.size - 1, 1) == b"."


def _beginning(head: bytes) -> str:
    return sanitise(repr(head[:12]))
