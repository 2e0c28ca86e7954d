"""`eqxview diff A B`: how two files differ, in the terminal app or in any format."""

from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from os.path import basename
from typing import TYPE_CHECKING

from eqxview.cli.complaint import complain
from eqxview.cli.drawing_options import add_drawing_options, is_for_app, write_page
from eqxview.cli.limits import add_limit_options, limits_from
from eqxview.cli.parsing import Parser, positive_int
from eqxview.errors import EXIT_DIFFERENT, EXIT_OK, EXIT_UNDECIDED

if TYPE_CHECKING:
    from eqxview.document import Document
    from eqxview.inspect.diff import DiffReport
    from eqxview.readers.opened import OpenedFile
    from eqxview.tree.columns import Tree

_EXIT_CODES = """\
exit codes:
  0    no difference: structure, types, shapes, static values and numbers are equal
  4    the files differ
  5    no difference in what could be compared, and something could not be
  1, 2, 3, 64, 130 as for eqxview FILE: 2 says that a file could not be read, or only in part

Nothing that a file names is imported, called or built.
"""


def run(arguments: Sequence[str]) -> int:
    """Run `eqxview diff A B`."""
    options = _parser().parse_args(arguments)
    if is_for_app(options):
        from eqxview.tui.run import run_app

        return run_app(
            lambda: _open(options.b, options),
            title=f"{options.a} → {options.b}",
            view="diff",
            open_other=lambda: _open(options.a, options),
            open_another=lambda path: _open(path, options),
            compare=_comparison(options),
        )
    from eqxview.render.page import Page

    a, b = _open(options.a, options), _open(options.b, options)
    reports = _compared(a, b, options)
    documents = tuple(report.document() for report in reports)
    if len(a.trees) != len(b.trees):
        documents = (_uneven(a, b), *documents)
    write_page(Page("diff", documents), options)
    for opened in (a, b):
        if opened.error is not None:
            complain(opened.error)
    for opened in (a, b):
        if opened.error is not None:
            return opened.error.exit_code
    if len(a.trees) != len(b.trees) or not all(report.is_equal for report in reports):
        return EXIT_DIFFERENT
    return EXIT_OK if all(report.is_complete for report in reports) else EXIT_UNDECIDED


def _comparison(options: Namespace) -> "Callable[[Tree, Tree, tuple[str, str]], DiffReport]":
    """How two trees of these names are compared: as the options say."""

    def comparison(a: "Tree", b: "Tree", names: tuple[str, str]) -> "DiffReport":
        from eqxview.inspect.diff import DEFAULT_MAX_BYTES, compare

        return compare(
            a,
            b,
            names=names,
            values=not options.no_values,
            max_bytes=options.max_bytes or DEFAULT_MAX_BYTES,
        )

    return comparison


def _compared(a: "OpenedFile", b: "OpenedFile", options: Namespace) -> "list[DiffReport]":
    """A report for each pair of objects, first with first."""
    names = (basename(a.path), basename(b.path))
    if names[0] == names[1]:
        names = (a.path, b.path)
    compare = _comparison(options)
    return [
        compare(first, second, _safe(names))
        for first, second in zip(a.trees, b.trees, strict=False)
    ]


def _safe(names: tuple[str, str]) -> tuple[str, str]:
    from eqxview.tree.sanitise import sanitise

    return sanitise(names[0]), sanitise(names[1])


def _uneven(a: "OpenedFile", b: "OpenedFile") -> "Document":
    """What to say of two files with different numbers of objects."""
    from eqxview.document import Document, Note
    from eqxview.tree.wording import counted

    text = (
        f"the first file holds {counted(len(a.trees), 'object')}, the second "
        f"{len(b.trees):,}: those that both have are compared"
    )
    return Document("Objects", (Note(text, level="warning"),))


def _open(path: str, options: Namespace) -> "OpenedFile":
    from eqxview.readers import ReadOptions, open_file

    return open_file(
        path, ReadOptions(source_dirs=tuple(options.source), limits=limits_from(options))
    )


def _parser() -> Parser:
    parser = Parser(
        prog="eqxview diff",
        description="Tell how the pytree in file B differs from the one in file A.",
        epilog=_EXIT_CODES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", metavar="A", help="the file from before")
    parser.add_argument("b", metavar="B", help="the file from after")
    parser.add_argument(
        "--no-values",
        action="store_true",
        help="compare no values of arrays: quick for large files",
    )
    parser.add_argument(
        "--max-bytes",
        type=positive_int,
        metavar="BYTES",
        help="bytes of arrays to read, of both files together (default: 8 GiB)",
    )
    add_drawing_options(parser)
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="DIR",
        help="also learn static fields from the Python source in DIR (read, never run)",
    )
    add_limit_options(parser)
    return parser
