"""The table of commands. What is no command's name is a file to show."""

from typing import NamedTuple


class Command(NamedTuple):
    """One command: its name, what it does in one line, and the module whose `run` does it."""

    name: str
    summary: str
    module: str


COMMANDS: tuple[Command, ...] = (
    Command("show", "show the pytree in a file (what `eqxview FILE` does)", "eqxview.cli.show"),
    Command("diff", "tell how two files differ", "eqxview.cli.diff"),
    Command("run", "run a program, and say what JAX compiled and why", "eqxview.cli.run"),
    Command("learn", "a lesson on a small real model, step by step", "eqxview.cli.learn"),
    Command("demo", "build a small model, pickle it, and show it", "eqxview.cli.demo"),
)
