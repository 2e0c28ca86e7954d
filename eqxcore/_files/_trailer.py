"""Where the manifest of a checkpoint stands: behind the last record, where nobody else looks.

    record  record  ...  BEGIN  manifest  SHA-256 of the manifest  its length  END
                         8      JSON      32                       8 (little)  8 bytes

The records come first and are Equinox's, so that a program which knows nothing of manifests
reads the file all the same. The end is of fixed size, so that the manifest is found without
reading what comes before it, and a file that breaks off is known by its not being there.
"""

import hashlib
import json
import os
import pathlib
from typing import IO, Any

BEGIN = b"\x93EQXMAN\n"
END = b"\x93EQXEND\n"

TAIL = 32 + 8 + len(END)
"""Bytes behind the manifest."""

FORMAT = "eqxcore checkpoint"
VERSION = 1


class CheckpointError(RuntimeError):
    """A file that is no checkpoint, or a damaged one."""

    __module__ = "eqxcore"


def write_manifest(file: IO[bytes], manifest: dict[str, Any]) -> None:
    """Writes a manifest behind the records."""
    text = json.dumps(manifest, separators=(",", ":")).encode("ascii")
    file.write(BEGIN + text + hashlib.sha256(text).digest() + len(text).to_bytes(8, "little") + END)


def read_manifest(file: IO[bytes], path: pathlib.Path) -> tuple[dict[str, Any], int]:
    """The manifest of a checkpoint, and where its records end.

    Raises `CheckpointError` for a file that has none, or whose manifest is not what was written.
    """
    size = os.fstat(file.fileno()).st_size
    if size < len(BEGIN) + TAIL:
        raise CheckpointError(_no_checkpoint(path, file))
    file.seek(size - TAIL)
    tail = file.read(TAIL)
    if not tail.endswith(END):
        raise CheckpointError(_no_checkpoint(path, file))
    length = int.from_bytes(tail[32:40], "little")
    begin = size - TAIL - length - len(BEGIN)
    if begin < 0:
        raise damaged(path, f"its manifest of {length:,} bytes would begin before the file")
    file.seek(begin)
    block = file.read(len(BEGIN) + length)
    text = block[len(BEGIN) :]
    if not block.startswith(BEGIN) or hashlib.sha256(text).digest() != tail[:32]:
        raise damaged(path, "its manifest is not the one that was written")
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"its manifest is no JSON ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise damaged(path, "its manifest is that of another format")
    version = manifest.get("version")
    if version != VERSION:
        raise CheckpointError(
            f"The checkpoint '{path}' is of version {version!r} of the format. Expected version "
            f"{VERSION}, which is the only one that this eqxcore knows. Install the eqxcore that "
            "wrote it, or a later one: `python -m pip install --upgrade eqxview`."
        )
    return manifest, begin


def damaged(path: pathlib.Path, what: str) -> CheckpointError:
    """The error for a checkpoint that has been changed since it was written."""
    return CheckpointError(
        f"The checkpoint '{path}' is damaged: {what}. Expected the file as `eqx.save` wrote it: "
        "copy or download it once more, and compare sizes."
    )


def _no_checkpoint(path: pathlib.Path, file: IO[bytes]) -> str:
    file.seek(0)
    if file.read(6) == b"\x93NUMPY":
        return (
            f"'{path}' has no manifest at its end: `eqx.tree_serialise_leaves` or Equinox wrote "
            "it, without names; or it is a checkpoint that breaks off. Expected a file that "
            "`eqx.save` wrote. Read one without names in the order of its leaves: "
            "`eqx.tree_deserialise_leaves(path, like)`."
        )
    return (
        f"'{path}' is no checkpoint: it does not end in a manifest. Expected a file that "
        "`eqx.save` wrote, whole. If it is one, it breaks off: copy or download it once more."
    )
