"""`eqxview FILE`: a file's pytree in the terminal app, as text, or as JSON."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

import eqxview
from eqxview.cli.commands import COMMANDS
from eqxview.cli.complaint import complain
from eqxview.cli.faces import choose_face, wants_colour
from eqxview.cli.parsing import Parser, positive_int
from eqxview.errors import EXIT_OK, UsageError

_EXIT_CODES = """\
exit codes:
  0    the answer is on standard output
  1    eqxview itself failed (a bug)
  2    the file could not be read, or only in part; the readable part is shown
  3    an optional extra is not installed; the message names it
  64   the command line was wrong
  130  interrupted

Nothing that a file names is imported, called or built to show it.
"""


def run(arguments: Sequence[str]) -> int:
    """Run `eqxview FILE`."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.file is None:
        raise UsageError("no file given", hint="eqxview model.pkl, or: eqxview demo")
    return show_file(options.file, options)


def show_file(path: str, options: Namespace) -> int:
    """Show the file at `path` as `options` (from `add_show_options`) say."""
    face = choose_face(wants_text=options.print, wants_json=options.json)
    if face == "app":
        # Textual takes half a second to import: reading goes on in a thread meanwhile.
        from eqxview.tui.run import run_app

        return run_app(lambda: _open(path, options), title=path)
    opened = _open(path, options)
    if face == "json":
        from eqxview.render.json_text import json_lines

        _write(json_lines(opened))
    else:
        from eqxview.render.file_text import file_lines

        colour = wants_colour(options.color, sys.stdout)
        _write(file_lines(opened, colour=colour, width=_width(options)))
    if opened.error is None:
        return EXIT_OK
    sys.stdout.flush()
    complain(opened.error)
    return opened.error.exit_code


def _open(path: str, options: Namespace):
    from eqxview.cli.limits import limits_from
    from eqxview.readers import ReadOptions, open_file

    return open_file(
        path, ReadOptions(source_dirs=tuple(options.source), limits=limits_from(options))
    )


def _write(lines) -> None:
    """Write lines in large pieces: one write a line is most of the time of a long tree."""
    write = sys.stdout.write
    piece: list[str] = []
    for line in lines:
        piece.append(line)
        if len(piece) >= 2000:
            write("\n".join(piece) + "\n")
            piece.clear()
    if piece:
        write("\n".join(piece) + "\n")


def _width(options: Namespace) -> int | None:
    """Columns to fit lines in; `None` (a pipe, a file): never cut."""
    if options.width is not None:
        return options.width
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _parser() -> Parser:
    commands = "\n".join(f"  {command.name:<8} {command.summary}" for command in COMMANDS)
    parser = Parser(
        prog="eqxview",
        usage="eqxview FILE [options]\n       eqxview COMMAND [options]",
        description="Show the pytree in a file: safely, at once, whatever its size.",
        epilog=f"commands:\n{commands}\n\n{_EXIT_CODES}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a pickle, plain or compressed")
    parser.add_argument("--version", action="version", version=f"eqxview {eqxview.__version__}")
    add_show_options(parser)
    return parser


def add_show_options(parser: Parser) -> None:
    """The options of every command that shows a file."""
    parser.add_argument(
        "--print", action="store_true", help="print the tree as text, also on a terminal"
    )
    parser.add_argument("--json", action="store_true", help="print every leaf as JSON")
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the text (default: on a terminal, unless NO_COLOR is set)",
    )
    parser.add_argument(
        "--width", type=positive_int, metavar="COLUMNS", help="fit the text in so many columns"
    )
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="DIR",
        help="also learn static fields from the Python source in DIR (read, never run)",
    )
    from eqxview.cli.limits import add_limit_options

    add_limit_options(parser)
