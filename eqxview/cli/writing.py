"""Where an answer goes: to standard output, or to a file that is written whole or not at all."""

import os
import sys
from collections.abc import Iterable

from eqxview.errors import EqxviewError

_LINES_AT_ONCE = 2000


def write_out(pieces: Iterable[str] | Iterable[bytes], *, is_binary: bool = False) -> None:
    """Write lines, or pieces of a binary format, to standard output."""
    if is_binary:
        for piece in pieces:
            sys.stdout.buffer.write(piece)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return
    for text in _joined(pieces):  # pyright: ignore[reportArgumentType]
        sys.stdout.write(text)


def write_file(path: str, pieces: Iterable[str] | Iterable[bytes]) -> None:
    """Write lines (`str`) or pieces (`bytes`) to a file at `path`, replacing what was there.

    Raises `EqxviewError` where that cannot be done; then nothing is left behind.
    """
    half = f"{path}.part"
    try:
        with open(half, "wb") as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else f"{piece}\n".encode())
        os.replace(half, path)
    except OSError as error:
        raise EqxviewError(
            f"cannot write {path!r}: {error.strerror}", hint="choose another place for the file"
        ) from None
    finally:
        if os.path.exists(half):
            os.unlink(half)


def _joined(lines: Iterable[str]) -> Iterable[str]:
    """Lines in large pieces: one write a line is most of the time of a long tree."""
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) >= _LINES_AT_ONCE:
            yield "\n".join(waiting) + "\n"
            waiting.clear()
    if waiting:
        yield "\n".join(waiting) + "\n"
