"""Lines of source code, and whose they are."""

import os
import re
import sys
from dataclasses import dataclass

from eqxview.watching.cell import cell_name

_INSTALLED = re.compile(r".*[/\\](?:site|dist)-packages[/\\](\w+)")


@dataclass(frozen=True, slots=True)
class Site:
    """A line of a file, and the function around it."""

    file: str
    line: int
    function: str = ""

    @property
    def library(self) -> str:
        """The name of the installed package that the line is in; empty for all other lines.

        By the file alone, so that a log says the same wherever it is read.
        """
        found = _INSTALLED.search(self.file)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{cell_name(self.file) or os.path.basename(self.file)}:{self.line}"


# eqxcore before Equinox: some put it into `sys.modules` under that name.
_LIBRARIES = ("jax", "jaxlib", "eqxcore", "equinox", "eqxview")


class Libraries:
    """Tells library code from the user's by its file."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def owner(self, file: str) -> str:
        """The library that `file` belongs to; empty where it is the user's."""
        owner = self._owners.get(file)
        if owner is None:
            owner = self._owners[file] = _find_owner(file)
        return owner


# A lesson's program is a user's, wherever it is kept.
_PROGRAMS = os.path.join("eqxview", "lesson", "")


def _find_owner(file: str) -> str:
    if _PROGRAMS in file:
        return ""
    for name in _LIBRARIES:
        module = sys.modules.get(name)
        origin = getattr(module, "__file__", None)
        if origin is not None and file.startswith(os.path.dirname(origin) + os.sep):
            return name
    # Frames of the interpreter's own: `<frozen importlib>` and the like run for everybody.
    return "python" if file.startswith("<frozen ") else ""


libraries = Libraries()


def is_interactive(file: str) -> bool:
    """Whether code with this file name was typed: in a notebook, in a REPL, given to `exec`."""
    return file.startswith("<") or "ipykernel_" in file
