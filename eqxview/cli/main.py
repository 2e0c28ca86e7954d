"""Runs a command. Every failure ends here: one line, a hint, an exit code, no traceback."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

import eqxview
from eqxview.cli.complaint import complain
from eqxview.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, EqxviewError, LimitExceeded


def run(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` (without the program's name); return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or pipe that knows no box-drawing, nor the letters of a file, gets
            # escapes in their place: the answer is worth more than its looks.
            stream.reconfigure(errors="backslashreplace")
    if list(arguments) == ["--version"]:
        # Without the argument parser: that is half the time of it.
        print(f"eqxview {eqxview.__version__}")
        return EXIT_OK
    try:
        command, rest = _find_command(arguments)
        return command(rest)
    except EqxviewError as error:
        complain(error)
        return error.exit_code
    except BrokenPipeError:
        # `eqxview model.pkl | head`: the reader has seen enough. Python would complain once
        # more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except MemoryError:
        # A file may be small, and what is to be said about it large.
        short = LimitExceeded(
            "there is not enough memory to show this file",
            hint="show less of it: --max-nodes 100_000",
        )
        complain(short)
        return short.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        # The last resort: a user gets one line, not a traceback.
        if os.environ.get("EQXVIEW_DEBUG"):
            raise
        bug = EqxviewError(
            f"internal error: {type(error).__name__}: {error}",
            hint="this is a bug in eqxview; EQXVIEW_DEBUG=1 shows the traceback to report",
        )
        complain(bug)
        return EXIT_BUG


def _find_command(
    arguments: Sequence[str],
) -> tuple[Callable[[Sequence[str]], int], Sequence[str]]:
    """The command that `arguments` name, and its own arguments; without a name, `show`."""
    # Imported only when asked for: `eqxview --version` must not pay for the others.
    from eqxview.cli.commands import COMMANDS
    from eqxview.collector import CollectorPause

    with CollectorPause():
        for command in COMMANDS:
            if arguments and arguments[0] == command.name:
                return import_module(command.module).run, arguments[1:]
        return import_module("eqxview.cli.show").run, arguments
