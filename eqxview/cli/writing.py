"""Where an answer goes that goes to no file: to standard output."""

import sys
from collections.abc import Iterable

_LINES_AT_ONCE = 2000


def write_out(pieces: Iterable[str] | Iterable[bytes], *, is_binary: bool = False) -> None:
    """Write lines, or pieces of a binary format, to standard output."""
    if is_binary:
        for piece in pieces:
            sys.stdout.buffer.write(piece)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return
    for text in _joined(pieces):  # pyright: ignore[reportArgumentType]
        sys.stdout.write(text)


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
