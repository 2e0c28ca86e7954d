"""Terminal app, text or JSON: decided before anything heavy is imported."""

import os
import sys
from collections.abc import Mapping
from typing import Literal, TextIO

Face = Literal["app", "text", "json"]


def choose_face(
    *,
    wants_text: bool,
    wants_json: bool,
    streams: tuple[TextIO | None, ...] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Face:
    """The face that the user asked for, or else the best one that this terminal can show.

    The app needs all of stdin, stdout and stderr on a terminal (Textual draws on stderr), and
    a terminal that understands more than text.
    """
    if wants_json:
        return "json"
    if wants_text:
        return "text"
    if "TEXTUAL_DRIVER" in environ:
        # Served to a browser: there is no terminal here, and none is needed.
        return "app"
    if environ.get("TERM", "" if os.name == "posix" else "windows") in ("", "dumb"):
        return "text"
    if streams is None:
        streams = (sys.stdin, sys.stdout, sys.stderr)
    return "app" if all(stream is not None and stream.isatty() for stream in streams) else "text"


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
