"""Where a module's source lies, found by file name: no parent package is imported.

`importlib.util.find_spec("a.b")` imports `a` to look inside it. So the import path is searched
by hand: for `a.b`, each directory's `a/b/__init__.py` and `a/b.py`. Zip archives, import hooks
and compiled modules are not looked at.
"""

import os
import stat
import sys
from collections.abc import Sequence

MAX_SOURCE_BYTES = 1 << 20
"""Longer source files are not read. The longest of JAX has 400 kB; a megabyte can take two
seconds and 400 MB to parse."""

MAX_SOURCE_FILES = 500
"""Files that one opened pickle may have read, however many classes it names."""

MAX_SOURCE_BYTES_IN_ALL = 8 << 20
"""Bytes that one opened pickle may have read: a model's classes stand in some 20 files."""

MAIN_MODULES = ("__main__", "__mp_main__")
"""What a pickle calls the script that wrote it."""


class SourceFiles:
    """Reads the source of modules, from directories and files given and the import path."""

    def __init__(self, given: Sequence[str]) -> None:
        self._scripts = [os.path.abspath(path) for path in given if path.endswith(".py")]
        self._roots = [os.path.abspath(path) for path in given if not path.endswith(".py")]
        # An empty entry is the working directory, which Python itself searches only when it
        # was started to.
        self._roots += [path for path in sys.path if path and os.path.isdir(path)]
        self._read = 0
        self._bytes = 0

    def read(self, module: str) -> tuple[str, bool] | None:
        """The source of `module` and whether it is a package; `None` if there is none to read.

        The name comes from a file: only dotted identifiers are looked for, and only regular
        files of bearable size are opened.
        """
        if module in MAIN_MODULES:
            return self._first(self._scripts)
        parts = module.split(".")
        if len(module) > 500 or not all(part.isidentifier() for part in parts):
            return None
        named = [path for path in self._scripts if os.path.basename(path) == f"{parts[-1]}.py"]
        if (found := self._first(named)) is not None:
            return found
        for root in self._roots:
            base = os.path.join(root, *parts)
            for path in (os.path.join(base, "__init__.py"), f"{base}.py"):
                if (text := self._text(path)) is not None:
                    return text, path.endswith("__init__.py")
        return None

    def is_installed(self, library: str, version: str) -> bool:
        """Whether the `library` that would be imported is installed, and of just this version.

        Told by the folder that an installer leaves beside it. A library that is worked on has
        none there; nor is one taken for installed where single files of source are given.
        """
        for root in () if self._scripts else self._roots:
            base = os.path.join(root, library)
            if os.path.isdir(base) or os.path.isfile(f"{base}.py"):
                return os.path.isdir(os.path.join(root, f"{library}-{version}.dist-info"))
        return False

    def _first(self, paths: Sequence[str]) -> tuple[str, bool] | None:
        for path in paths:
            if (text := self._text(path)) is not None:
                return text, False
        return None

    def _text(self, path: str) -> str | None:
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        # A FIFO or device of that name would hang the reader.
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_SOURCE_BYTES:
            return None
        if self._read >= MAX_SOURCE_FILES:
            return None
        if self._bytes + status.st_size > MAX_SOURCE_BYTES_IN_ALL:
            return None
        self._read += 1
        self._bytes += status.st_size
        try:
            with open(path, "rb") as file:
                # Source is UTF-8 unless it says otherwise; in one that does, the names that
                # we look for are ASCII all the same.
                return file.read(MAX_SOURCE_BYTES).decode("utf-8", "replace")
        except OSError:
            return None
