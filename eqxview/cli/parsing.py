"""An argument parser whose complaints are one line and a hint, with our exit code."""

import argparse
import sys
from functools import partial
from typing import Any, NoReturn

from eqxview.cli.faces import terminal_columns
from eqxview.errors import UsageError


class Parser(argparse.ArgumentParser):
    """`argparse`'s parser, raising `UsageError` where that would print and exit."""

    def __init__(
        self, *, formatter_class: type[argparse.HelpFormatter] = argparse.HelpFormatter, **rest: Any
    ) -> None:
        # Without a width, each of our options would ask `shutil` for the terminal's, and
        # `shutil` imports every archive format: 6 ms, though nobody asked for help.
        super().__init__(
            formatter_class=partial(formatter_class, width=terminal_columns(sys.stdout) - 2), **rest
        )

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the command line."""
        raise UsageError(message, hint=f"see: {self.prog} --help")


def positive_int(text: str) -> int:
    """A whole number of at least 1, underscores allowed: `5_000_000`."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value
