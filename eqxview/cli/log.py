"""A compile log, as `eqxview run --log` writes it: shown like any other file."""

import os
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from eqxview.cli.drawing_options import is_for_app, write_page
from eqxview.errors import EXIT_OK, UnreadableFile

if TYPE_CHECKING:
    from eqxview.inspect.jit_cache import JitCache
    from eqxview.readers.opened import OpenedFile

VIEW = "cache"
_MARK = b'"format": "eqxview compile log"'
_BEGINNING = 200


def is_log(path: str) -> bool:
    """Whether the file at `path` begins as a compile log does. False where it cannot be read."""
    # Not by `open`, which waits for ever for what another program writes into a pipe.
    from eqxview.readers.byte_source import FileBytes

    try:
        file = FileBytes(path)
    except UnreadableFile:
        return False
    try:
        return _MARK in file.read_at(0, _BEGINNING)
    except UnreadableFile:
        return False
    finally:
        file.close()


def show_log(path: str, options: Namespace) -> int:
    """Show the log at `path` in the terminal app, or in the format that `options` name.

    Raises `UnreadableFile` for a log that is damaged, or of a version that is not known.
    """
    if is_for_app(options):
        from eqxview.tui.run import run_subject
        from eqxview.tui.subject import Subject

        def subject() -> Subject:
            opened, report = _open(path)
            return Subject(opened, report=(VIEW, report))

        return run_subject(subject, path)
    from eqxview.render.page import Page

    opened, report = _open(path)
    write_page(Page(VIEW, (report.document(),), file=opened), options)
    return EXIT_OK


def _open(path: str) -> "tuple[OpenedFile, JitCache]":
    from eqxview.inspect.jit_cache import jit_cache
    from eqxview.readers.opened import OpenedFile
    from eqxview.watching import Log

    start = time.perf_counter()
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeError) as error:
        raise UnreadableFile(f"cannot read {path}: {error}") from None
    log = Log.from_json(text)
    opened = OpenedFile(
        path=path,
        format=f"compile log, JAX {log.jax}" if log.jax else "compile log",
        nbytes=os.path.getsize(path),
        seconds=time.perf_counter() - start,
        trees=(),
    )
    return opened, jit_cache(log)
