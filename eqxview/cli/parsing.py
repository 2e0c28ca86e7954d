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
        raise UsageError(message, hint=f"{self._advice(message)}see: {self.prog} --help")

    def _advice(self, message: str) -> str:
        """What is likely to be meant where `argparse` complains with `message`; or empty."""
        if message.endswith(": expected one argument"):
            option = message.split()[1].rstrip(":").rpartition("/")[2]
            return f"a value that begins with '-' goes after '=': {option}='-...'; "
        if message.startswith("unrecognized arguments: "):
            # Only here: this import is a good part of the time of an answer.
            from difflib import get_close_matches

            for word in message.split():
                name = word.partition("=")[0]
                near = get_close_matches(name, self._option_string_actions, n=1)
                if word.startswith("--") and near:
                    return f"did you mean {near[0]}? "
        return ""


def positive_int(text: str) -> int:
    """A whole number of at least 1, underscores allowed: `5_000_000`."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value
