"""Starts the app, and ends it with an exit code or an error."""

import os
import sys
from collections.abc import Callable

from eqxview.collector import CollectorPause
from eqxview.errors import EXIT_OK, UsageError
from eqxview.inspect.report import Report
from eqxview.readers.opened import OpenedFile
from eqxview.tree.columns import Tree
from eqxview.tui.opening import Opening
from eqxview.tui.subject import Subject


def run_app(
    open_file: Callable[[], OpenedFile],
    title: str,
    *,
    view: str = "",
    filter: str = "",
    open_other: Callable[[], OpenedFile] | None = None,
    open_another: Callable[[str], OpenedFile] | None = None,
    compare: Callable[[Tree, Tree, tuple[str, str]], Report] | None = None,
) -> int:
    """Show what `open_file` gives in the terminal app; return the exit code when it is left.

    Reading goes on in a thread from here on, while Textual is imported and the screen comes
    up. What reading raises is raised here, after the terminal has been put back. So is the
    error of a file that could be read in part, when the user has seen that part and quits: the
    command tells it and takes its exit code from it.

    `view` is the name of the tab to begin with, `filter` what its filter is. `open_other` opens
    a second file to compare the first with; `open_another` one that the user names in the app;
    `compare` compares a tree of the second with one of the first, by default as it is usual.
    """

    def open_subject() -> Subject:
        other = None if open_other is None else open_other()
        return Subject(open_file(), other=other, compare=compare, open_another=open_another)

    return run_subject(open_subject, title, view=view, filter=filter)


def run_subject(
    open_subject: Callable[[], Subject], title: str, *, view: str = "", filter: str = ""
) -> int:
    """Show anything in the terminal app, as `run_app` shows a file."""
    is_served = "TEXTUAL_DRIVER" in os.environ
    if not is_served:
        _require_terminal()
        # Textual believes these two more than the terminal, even when it is resized.
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)
    pause = CollectorPause()
    try:
        return _run(open_subject, title, pause, view=view, filter=filter)
    finally:
        pause.end()


def _run(
    open_subject: Callable[[], Subject],
    title: str,
    pause: CollectorPause,
    *,
    view: str,
    filter: str,
) -> int:
    opening = Opening(open_subject)

    from eqxview.tui.app import EqxviewApp

    if opening.is_done:
        # What cannot be read needs no screen.
        subject = opening.result()
        if subject.is_empty and subject.opened.error is not None:
            raise subject.opened.error
    app = EqxviewApp(opening, title, view=view, filter=filter, when_painted=pause.end_for_good)
    failure = app.run()
    if app.crash is not None:
        raise app.crash
    if failure is not None:
        raise failure
    if opening.is_done and (error := opening.result().opened.error) is not None:
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
