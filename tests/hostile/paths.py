"""What is no regular file, what has no end, and what is another format by mistake."""

import os
import socket
import struct
import zipfile
from io import BytesIO
from pathlib import Path

from hostile.assemble import dtype, group, honest, integer, mapping, numpy_array, text, whole
from hostile.case import Case


def _loop(folder: Path) -> Path:
    (folder / "loop-a.pkl").symlink_to("loop-b.pkl")
    (folder / "loop-b.pkl").symlink_to("loop-a.pkl")
    return folder / "loop-a.pkl"


def _dangling(folder: Path) -> Path:
    (folder / "dangling.pkl").symlink_to("nowhere.pkl")
    return folder / "dangling.pkl"


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.pkl")
    return folder / "pipe.pkl"


def _link_to_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "hidden-pipe")
    (folder / "linked-pipe.pkl").symlink_to("hidden-pipe")
    return folder / "linked-pipe.pkl"


def _socket(folder: Path) -> Path:
    # The path of a socket may be 107 bytes long: made by its name in the current folder.
    here = os.getcwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.pkl")
    finally:
        os.chdir(here)
    return folder / "socket.pkl"


def _directory(folder: Path) -> Path:
    (folder / "directory.pkl").mkdir()
    return folder / "directory.pkl"


def _below_a_file(folder: Path) -> Path:
    (folder / "file.pkl").write_bytes(honest(1))
    return folder / "file.pkl" / "more.pkl"


def _sparse(head: bytes, size: int):
    def place(folder: Path) -> Path:
        path = folder / f"sparse-{size}-{len(head)}.pkl"
        path.write_bytes(head)
        os.truncate(path, size)
        return path

    return place


def _device(path: str):
    return lambda folder: Path(path)


def _zip(*members: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, b"x")
    return file.getvalue()


_BIG_ARRAY = (
    b"\x80\x04}("
    + text("small")
    + integer(5)
    + text("big")
    + numpy_array(group(integer(10 * 2**30)), dtype("u1"), b"\x8e" + struct.pack("<Q", 10 * 2**30))[
        :-3
    ]
)
"""A dict up to where the 10 GB of its array begin."""

_TEN_GIGABYTES = 10 * 2**30

CASES = (
    Case(name="symlink loop", place=_loop, codes=(2,), says=("symbolic link", "symlink", "loop")),
    Case(
        name="dangling symlink",
        place=_dangling,
        codes=(2,),
        says=("no such file", "no file", "not exist"),
    ),
    Case(name="named pipe", place=_fifo, codes=(2,), says=("pipe",)),
    Case(name="link to a named pipe", place=_link_to_fifo, codes=(2,), says=("pipe",)),
    Case(name="socket", place=_socket, codes=(2,), says=("socket",)),
    Case(name="directory", place=_directory, codes=(2,), says=("directory", "folder")),
    Case(name="a path below a file", place=_below_a_file, codes=(2,)),
    Case(name="a path that is very long", place=lambda folder: folder / ("x" * 5000), codes=(2,)),
    Case(name="/dev/zero", place=_device("/dev/zero"), codes=(2,), says=("device",)),
    Case(name="/dev/null", place=_device("/dev/null"), codes=(2,), says=("device",)),
    Case(name="/proc/self/mem", place=_device("/proc/self/mem"), codes=(2,)),
    Case(name="/proc/self/maps", place=_device("/proc/self/maps"), codes=(2,)),
    Case(
        name="10 GB of holes",
        place=_sparse(b"", _TEN_GIGABYTES),
        codes=(2,),
        seconds=2.0,
    ),
    Case(
        name="10 GB of holes after a pickle",
        place=_sparse(honest({"a": 1}), _TEN_GIGABYTES),
        codes=(0, 2),
        warns=True,
        shows=("['a']",),
        seconds=2.0,
    ),
    Case(
        name="10 GB of holes in an array",
        place=_sparse(_BIG_ARRAY, _TEN_GIGABYTES + len(_BIG_ARRAY) - 1),
        codes=(2,),
        shows=("['small']",),
        seconds=1.0,
        mebibytes=16,
    ),
    Case(
        name="a gigabyte of holes in a line",
        place=_sparse(b"V", 2**30),
        codes=(2,),
        seconds=4.0,
        faces=("print",),
    ),
    Case(
        name="10 GB of holes in a line, and a second for it",
        place=_sparse(b"V", _TEN_GIGABYTES),
        codes=(2,),
        says=("longer than 1 second",),
        seconds=3.0,
        faces=("print",),
        options=("--max-seconds", "1"),
    ),
    Case(
        name="10 GB of holes in a text",
        place=_sparse(b"\x80\x04\x8d" + struct.pack("<Q", 9 * 2**30), _TEN_GIGABYTES),
        codes=(2,),
        seconds=2.0,
    ),
    Case(
        name="10 GB of holes in a long",
        place=_sparse(b"\x80\x04\x8b\xff\xff\xff\x7f", _TEN_GIGABYTES),
        codes=(2,),
        seconds=2.0,
    ),
    Case(
        name="Git LFS pointer",
        content=b"version https://git-lfs.github.com/spec/v1\n"
        b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
        b"size 12345\n",
        codes=(2,),
        says=("LFS",),
    ),
    Case(
        name="HTML page",
        content=b"<!DOCTYPE html>\n<html><head><title>\x1b[2J</title></head></html>",
        codes=(2,),
        says=("HTML",),
    ),
    Case(name="zip", content=_zip("a.txt"), codes=(2,), says=("zip",)),
    Case(name="npz", content=_zip("a.npy"), suffix=".npz", codes=(2,), says=("npz", "NumPy")),
    Case(
        name="torch",
        content=_zip("archive/data.pkl", "archive/version"),
        suffix=".pt",
        codes=(2,),
        says=("torch",),
    ),
    Case(name="zip of odd names", content=_zip("../../x", "/etc/passwd", "\x1b[2J"), codes=(2,)),
    Case(
        name="HDF5",
        content=b"\x89HDF\r\n\x1a\n" + bytes(600),
        suffix=".h5",
        codes=(2,),
        says=("HDF5",),
    ),
    Case(
        name="npy",
        content=b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4'}",
        suffix=".npy",
        codes=(2,),
        says=("header of the array",),
    ),
    Case(
        name="safetensors",
        content=struct.pack("<Q", 40) + b'{"a":{"dtype":"F32","shape":[1]}}       ' + bytes(4),
        suffix=".safetensors",
        codes=(2,),
        says=("safetensors",),
    ),
    Case(
        name="safetensors with a header of a terabyte",
        content=struct.pack("<Q", 2**40) + b'{"a":',
        suffix=".safetensors",
        codes=(2,),
    ),
    Case(name="JSON", content=b'{"a": [1, 2, 3]}\n', suffix=".json", codes=(2,)),
    Case(name="PNG", content=b"\x89PNG\r\n\x1a\n" + bytes(100), codes=(2,)),
    Case(name="ELF", content=b"\x7fELF\x02\x01\x01" + bytes(100), codes=(2,)),
    Case(name="UTF-16 text", content="hello".encode("utf-16"), codes=(2,)),
    Case(
        name="a pickle under another suffix",
        content=honest({"a": 1}),
        suffix=".exe",
        shows=("['a']",),
    ),
    Case(
        name="a pickle without a suffix",
        content=whole(mapping((text("a"), integer(1)))),
        suffix="",
        shows=("['a']",),
    ),
)
