"""What this terminal can show: decided before anything heavy is imported."""

import os
import sys
from collections.abc import Mapping
from typing import Literal, TextIO


def wants_app(
    *,
    streams: tuple[TextIO | None, ...] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> bool:
    """Whether the terminal app can be shown here.

    It needs all of stdin, stdout and stderr on a terminal (Textual draws on stderr), and a
    terminal that understands more than text.
    """
    if "TEXTUAL_DRIVER" in environ:
        # Served to a browser: there is no terminal here, and none is needed.
        return True
    if environ.get("TERM", "" if os.name == "posix" else "windows") in ("", "dumb"):
        return False
    if streams is None:
        streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def wants_colour(
    choice: Literal["auto", "always", "never"],
    stream: TextIO,
    environ: Mapping[str, str] = os.environ,
) -> bool:
    """Whether to colour text: as chosen, or on a terminal unless `NO_COLOR` is set."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    return stream.isatty() and environ.get("TERM", "") not in ("", "dumb")


def terminal_columns(stream: TextIO, *, environ: Mapping[str, str] = os.environ) -> int:
    """How many columns lines may have that go to `stream`; 80 where nothing tells.

    As `shutil.get_terminal_size` has it, which imports every archive format: 6 ms.
    """
    chosen = environ.get("COLUMNS", "")
    if chosen.isdecimal() and int(chosen) > 0:
        return int(chosen)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (AttributeError, ValueError, OSError):
        # No terminal; or a stream that is closed, or no file.
        return 80
