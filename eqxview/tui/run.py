"""Starts the app, and ends it with an exit code or an error."""

import os
import sys
from collections.abc import Callable

from eqxview.errors import EXIT_OK, UsageError
from eqxview.readers.opened import OpenedFile
from eqxview.tui.opening import Opening


def run_app(open_file: Callable[[], OpenedFile], title: str) -> int:
    """Show what `open_file` gives in the terminal app; return the exit code when it is left.

    Reading goes on in a thread from here on, while Textual is imported and the screen comes
    up. What reading raises is raised here, after the terminal has been put back. So is the
    error of a file that could be read in part, when the user has seen that part and quits: the
    command tells it and takes its exit code from it.
    """
    is_served = "TEXTUAL_DRIVER" in os.environ
    if not is_served:
        _require_terminal()
        # Textual believes these two more than the terminal, even when it is resized.
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)
    opening = Opening(open_file)

    from eqxview.tui.app import EqxviewApp

    if opening.is_done:
        # What cannot be read needs no screen.
        opened = opening.result()
        if not opened.trees and opened.error is not None:
            raise opened.error
    app = EqxviewApp(opening, title)
    failure = app.run()
    if app.crash is not None:
        raise app.crash
    if failure is not None:
        raise failure
    if opening.is_done and (error := opening.result().error) is not None:
        raise error
    return app.return_code or EXIT_OK


def _require_terminal() -> None:
    """Raise `UsageError` where the app could not be seen: it draws on stderr, reads from stdin."""
    streams = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    for name, stream in streams.items():
        if stream is None or not stream.isatty():
            raise UsageError(
                f"the terminal app needs a terminal, and {name} is none",
                hint="print the tree as text instead, with --print",
            )
