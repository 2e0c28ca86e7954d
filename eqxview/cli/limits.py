"""The flags that raise or lower the limits of reading."""

from argparse import Namespace
from typing import NamedTuple

from eqxview.cli.parsing import Parser, positive_int
from eqxview.limits import Limits


class _Flag(NamedTuple):
    name: str
    field: str
    metavar: str
    what: str


_FLAGS = (
    _Flag("--max-seconds", "seconds", "N", "time of reading"),
    _Flag("--max-memory", "memory", "BYTES", "memory that reading may take"),
    _Flag("--max-decompressed", "decompressed", "BYTES", "size of a compressed file's content"),
    _Flag("--max-nodes", "nodes", "N", "nodes of a tree"),
    _Flag("--max-nesting", "nesting", "N", "levels of a tree"),
    _Flag("--max-objects", "objects", "N", "pickles in one file"),
    _Flag("--max-opcodes", "opcodes", "N", "steps of a pickle"),
    _Flag("--max-memo", "memo", "N", "values that a pickle numbers"),
    _Flag("--max-stack", "stack", "N", "values that wait to be put into a container"),
    _Flag("--max-marks", "marks", "N", "containers that are open at once"),
)
"""Every limit; `field` is its name in `Limits`."""


def add_limit_options(parser: Parser) -> None:
    """Add a flag for each limit."""
    group = parser.add_argument_group("limits of reading, which a file cannot move")
    for flag in _FLAGS:
        default = getattr(Limits(), flag.field)
        shown = "by the file's size" if default is None else f"{default:,.0f}"
        group.add_argument(
            flag.name,
            type=positive_int,
            dest=f"limit_{flag.field}",
            metavar=flag.metavar,
            help=f"{flag.what} (default: {shown})",
        )


def limits_from(options: Namespace) -> Limits:
    """The limits that the command line asks for."""
    chosen = {flag.field: getattr(options, f"limit_{flag.field}") for flag in _FLAGS}
    return Limits(**{field: value for field, value in chosen.items() if value is not None})
