"""`eqxview FILE`: a file's pytree in the terminal app, or in any format."""

import os
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

import eqxview
from eqxview.cli.commands import COMMANDS
from eqxview.cli.complaint import complain
from eqxview.cli.drawing_options import add_drawing_options, is_for_app, write_page
from eqxview.cli.log import is_log, show_log
from eqxview.cli.parsing import Parser
from eqxview.collector import CollectorPause
from eqxview.errors import EXIT_OK, UsageError
from eqxview.inspect.analyses import ANALYSES, find_analysis

_EXIT_CODES = """\
exit codes:
  0    the answer is on standard output
  1    eqxview itself failed (a bug)
  2    the file could not be read, or only in part; the readable part is shown
  3    an optional extra is not installed; the message names it
  4    diff: the two differ
  5    diff: no difference found, but not everything could be compared
  64   the command line was wrong, or names a place that cannot be written
  130  interrupted

Nothing that a file names is imported, called or built to show it.
"""


def run(arguments: Sequence[str]) -> int:
    """Run `eqxview FILE`."""
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        if options.file is not None:
            _refuse(options.file, unknown)
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if options.file is None:
        raise UsageError("no file given", hint="eqxview model.pkl, or: eqxview demo")
    return show_file(options.file, options)


def _refuse(word: str, others: Sequence[str]) -> None:
    """Raise `UsageError` where `word` was meant as a command, or `others` as more files."""
    # Only here: this import is a good part of the time of an answer.
    from difflib import get_close_matches

    if os.path.exists(word):
        if os.path.exists(others[0]):
            raise UsageError(
                f"one file at a time, and got {1 + len(others)}",
                hint=f"compare two with: eqxview diff {word} {others[0]}",
            )
        return
    near = get_close_matches(word, [command.name for command in COMMANDS], n=1)
    if near:
        raise UsageError(f"there is no command {word!r}", hint=f"did you mean: eqxview {near[0]}")


def show_file(path: str, options: Namespace) -> int:
    """Show the file at `path` as `options` (from `add_show_options`) say."""
    if is_log(path):
        return show_log(path, options)
    # What cannot be meant is told before the file is read.
    analysis = find_analysis(options.view)
    if options.filter and not analysis.takes_filter:
        raise UsageError(
            f"--filter means nothing to the view {analysis.name!r}", hint=_filter_hint()
        )
    if is_for_app(options):
        # Textual takes half a second to import: reading goes on in a thread meanwhile.
        from eqxview.tui.run import run_app

        return run_app(
            lambda: _open(path, options),
            title=path,
            view=options.view,
            filter=options.filter,
            open_another=lambda other: _open(other, options),
        )
    with CollectorPause():
        opened = _open(path, options)

        from eqxview.render.page import page_of

        page = page_of(analysis, opened.trees, filter=options.filter, file=opened)
        write_page(page, options)
    if opened.error is None:
        return EXIT_OK
    complain(opened.error)
    return opened.error.exit_code


def _filter_hint() -> str:
    names = [analysis.name for analysis in ANALYSES if analysis.takes_filter]
    return f"views that take a filter: {', '.join(names) or 'none'}"


def _open(path: str, options: Namespace):
    from eqxview.cli.limits import limits_from
    from eqxview.readers import ReadOptions, open_file

    return open_file(
        path, ReadOptions(source_dirs=tuple(options.source), limits=limits_from(options))
    )


def _parser() -> Parser:
    commands = "\n".join(f"  {command.name:<8} {command.summary}" for command in COMMANDS)
    parser = Parser(
        prog="eqxview",
        usage="eqxview FILE [options]\n       eqxview COMMAND [options]",
        description="Show the pytree in a file: safely, at once, whatever its size.",
        epilog=f"commands:\n{commands}\n\n{_EXIT_CODES}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="a pickle, an .eqx or .npy file, plain or compressed; or a log of eqxview run",
    )
    parser.add_argument("--version", action="version", version=f"eqxview {eqxview.__version__}")
    add_show_options(parser)
    return parser


def add_show_options(parser: Parser) -> None:
    """The options of every command that shows a file."""
    parser.add_argument(
        "--view",
        default=ANALYSES[0].name,
        metavar="NAME",
        help="; ".join(f"{analysis.name}: {analysis.summary}" for analysis in ANALYSES),
    )
    parser.add_argument(
        "--filter", default="", metavar="FILTER", help="what a view is to select, where it selects"
    )
    add_drawing_options(parser)
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="DIR",
        help="also learn static fields from the Python source in DIR (read, never run)",
    )
    from eqxview.cli.limits import add_limit_options

    add_limit_options(parser)
