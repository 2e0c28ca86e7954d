"""`eqxview run SCRIPT`: run a Python program, and say at its end what was compiled and why.

If it ends in an error of JAX, Equinox or eqxcore, what that is about is said below its traceback.
"""

import argparse
import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from eqxview.cli.complaint import complain
from eqxview.cli.faces import terminal_columns, wants_colour
from eqxview.cli.parsing import Parser
from eqxview.cli.title import TitleStatus, has_title
from eqxview.errors import EXIT_INTERRUPTED, EqxviewError, UnreadableFile, UsageError

if TYPE_CHECKING:
    from eqxview.document import Document
    from eqxview.watching import Compile, Log, Watch

_COLUMNS = 100


def run(arguments: Sequence[str]) -> int:
    """Run `eqxview run`; the exit code is the program's own."""
    options = _parser().parse_args(arguments)
    program = _program(options)
    from eqxview.watching.as_jax_comes import as_jax_comes

    watches: list[Watch] = []
    status = TitleStatus(sys.stderr) if _wants_status(options) else None

    def start() -> None:
        from eqxview.watching import watch

        watches.append(watch(on_compile=compiled).start())

    def compiled(compile: "Compile") -> None:
        if status is not None:
            status.compiled(compile)
        if options.live and compile.is_miss and compile.is_of_user:
            # The program may have put something else in the place of `sys.stderr`.
            print(f"eqxview: {compile}", file=sys.__stderr__, flush=True)

    call_off = as_jax_comes(start)
    errors: list[BaseException] = []
    try:
        code = _exit_code_of(program, errors)
    finally:
        call_off()
        if status is not None:
            status.end()
    # What the program wrote comes before what we say about it.
    sys.stdout.flush()
    if errors and not options.json:
        _explain(errors.pop(), options)
    if not watches:
        complain(EqxviewError("the program did not import JAX: nothing was compiled"))
        return code
    _tell(watches[0].stop(), options)
    return code


def _wants_status(options: argparse.Namespace) -> bool:
    return options.status and sys.stderr is not None and has_title(sys.stderr)


def _parser() -> Parser:
    parser = Parser(
        prog="eqxview run",
        usage="eqxview run [options] SCRIPT [ARGUMENTS]\n       "
        "eqxview run [options] -m MODULE [ARGUMENTS]",
        description="Run a Python program as `python SCRIPT` would, and say on standard error at "
        "its end what JAX compiled, what it compiled again, and why. The exit code is the "
        "program's own.",
    )
    # Everything behind the program's name is the program's.
    parser.add_argument(
        "-m",
        dest="module",
        metavar="MODULE",
        nargs=argparse.REMAINDER,
        help="run a module, as python -m",
    )
    parser.add_argument("--log", metavar="FILE", help="also write what was compiled to FILE (JSON)")
    parser.add_argument(
        "--json", action="store_true", help="say it as JSON: the same as --log writes"
    )
    parser.add_argument(
        "--live", action="store_true", help="say each time at once when something compiles again"
    )
    parser.add_argument(
        "--no-status",
        action="store_false",
        dest="status",
        help="leave the title of the terminal alone (default: it counts what is compiled)",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the text (default: on a terminal, unless NO_COLOR is set)",
    )
    parser.add_argument(
        "script",
        metavar="SCRIPT",
        nargs=argparse.REMAINDER,
        help="a Python file, and what it is to be given",
    )
    return parser


def _program(options: argparse.Namespace) -> Callable[[], None]:
    """What runs the program that is asked for."""
    words = options.module or options.script
    if not words:
        raise UsageError("no program given", hint="eqxview run train.py, or: eqxview run -m train")
    name, *arguments = words
    if options.module:
        return lambda: _run_module(name, arguments)
    if not os.path.exists(name):
        raise UsageError(f"there is no file {name}", hint="give a Python file, or: -m MODULE")
    return lambda: _run_script(name, arguments)


def _run_script(path: str, arguments: Sequence[str]) -> None:
    sys.argv = [path, *arguments]
    # As Python does: the folder of the script comes first. For a folder or a zip file, runpy
    # puts the thing itself there.
    if os.path.isfile(path):
        sys.path[0] = os.path.dirname(os.path.realpath(path))
    runpy.run_path(path, run_name="__main__")


def _run_module(name: str, arguments: Sequence[str]) -> None:
    sys.argv = [name, *arguments]
    sys.path[0] = ""
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _exit_code_of(program: Callable[[], None], errors: list[BaseException]) -> int:
    """Run `program`, and end it as Python would: its exit code, or its traceback and 1.

    The error that it ended in is put into `errors`.
    """
    try:
        program()
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BaseException as error:  # noqa: BLE001  the program's own, shown as Python shows it
        frames = error.__traceback__
        while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
            frames = frames.tb_next
        traceback.print_exception(type(error), error, frames)
        errors.append(error)
        return 1
    return 0


def _is_ours(file: str) -> bool:
    return file == __file__ or file == "<frozen runpy>"


def _tell(log: "Log", options: argparse.Namespace) -> None:
    if options.log is not None:
        try:
            with open(options.log, "w", encoding="utf-8") as file:
                file.write(log.to_json() + "\n")
        except OSError as error:
            complain(UnreadableFile(f"cannot write the log to {options.log}: {error.strerror}"))
    if options.json:
        print(json.dumps(json.loads(log.to_json())), file=sys.stderr)
        return
    from eqxview.inspect.jit_cache import jit_cache

    _print(jit_cache(log).document(), options)


def _explain(error: BaseException, options: argparse.Namespace) -> None:
    """Say below the program's traceback what its error is about, if we know such errors."""
    if "jax" not in sys.modules:
        return
    from eqxview.inspect.explain import explain_error

    try:
        explanation = explain_error(error)
    except Exception as failure:  # noqa: BLE001  the program's own traceback is there already
        complain(EqxviewError(f"the error could not be explained: {failure!r}"))
        return
    if explanation.is_recognised:
        _print(explanation.brief(), options)


def _print(document: "Document", options: argparse.Namespace) -> None:
    """Write a document to standard error."""
    from eqxview.render.ansi import COLOURED, PLAIN
    from eqxview.render.document_text import document_lines

    palette = COLOURED if wants_colour(options.color, sys.stderr) else PLAIN
    # Read by people in a log of a job, too: there, nobody scrolls sideways.
    width = terminal_columns(sys.stderr) if sys.stderr.isatty() else _COLUMNS
    lines = document_lines(document, palette=palette, width=width)
    for line in ("", f"── {document.title} ──", *lines):
        print(line, file=sys.stderr)
