"""The options that say in which format an answer is written, how, and to where."""

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from eqxview.cli.faces import terminal_columns, wants_app, wants_colour
from eqxview.cli.parsing import Parser, positive_int
from eqxview.cli.writing import write_out
from eqxview.errors import UsageError
from eqxview.render.files import write_file
from eqxview.render.formats import FORMATS, Drawing, Format, find_format, format_of_file

if TYPE_CHECKING:
    from eqxview.render.page import Page


def add_drawing_options(parser: Parser) -> None:
    """Add the options of every command whose answer is a page."""
    parser.add_argument(
        "--format",
        metavar="NAME",
        help="; ".join(f"{known.name}: {known.summary}" for known in FORMATS),
    )
    parser.add_argument(
        "--print",
        dest="format",
        action="store_const",
        const="text",
        help="the same as --format text: print, also on a terminal",
    )
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        help="the same as --format json",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write to FILE, in the format that its suffix names"
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour the text (default: on a terminal, unless NO_COLOR is set)",
    )
    parser.add_argument(
        "--width", type=positive_int, metavar="COLUMNS", help="fit the text in so many columns"
    )


def is_for_app(options: Namespace) -> bool:
    """Whether the answer is to be shown in the terminal app.

    Raises `UsageError` for a format that there is not, or that a terminal cannot show: asked
    before anything is read.
    """
    if options.format is None and options.output is None and wants_app():
        return True
    written = _format(options)
    if written.is_binary and options.output is None and sys.stdout.isatty():
        raise UsageError(
            f"the format {written.name!r} is no text: a terminal cannot show it",
            hint=f"write it to a file: -o picture.{written.name}",
        )
    return False


def write_page(page: "Page", options: Namespace) -> None:
    """Write `page` as the options say: to standard output, or to a file."""
    written = _format(options)
    if options.output is not None:
        write_file(options.output, written.draw(page, Drawing(width=options.width)))
        return
    drawing = Drawing(wants_colour(options.color, sys.stdout), _width(options))
    write_out(written.draw(page, drawing), is_binary=written.is_binary)
    sys.stdout.flush()


def _format(options: Namespace) -> Format:
    """The format that is asked for by name, or by the suffix of the output file."""
    if options.format is not None:
        return find_format(options.format)
    return format_of_file(options.output or "")


def _width(options: Namespace) -> int | None:
    """Columns to fit lines in; `None` (a pipe, a file): never cut."""
    if options.width is not None:
        return options.width
    return terminal_columns(sys.stdout) if sys.stdout.isatty() else None
