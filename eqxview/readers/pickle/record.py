"""What the usual way of loading would do with a file: what it would import, call, look up."""

from eqxview.readers.described.descriptions import Reference, reference_text

MAX_WARNINGS = 20
MAX_IMPORTS = 10_000


class Record:
    """Filled while the pickles of one file are read."""

    def __init__(self) -> None:
        # The names are hashed as strings: with Python's random seed no file can make them
        # collide.
        self._references: dict[tuple[str, str], Reference] = {}
        self._warnings: dict[str, None] = {}
        self._left_out = 0

    def reference(self, module: str, name: str) -> Reference:
        """The one `Reference` of this file to `module.name`."""
        key = (module, name)
        found = self._references.get(key)
        if found is None:
            found = self._references[key] = Reference(module, name)
            if is_suspicious(module, name):
                self.warn(
                    f"pickle.load would import {reference_text(found)}, which no model needs: "
                    "do not load this file the usual way"
                )
        return found

    def warn(self, text: str) -> None:
        """Keep `text`, one sanitised sentence, once."""
        if text in self._warnings:
            return
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings[text] = None
        else:
            self._left_out += 1

    def warnings(self) -> tuple[str, ...]:
        """The warnings in the order in which they came up."""
        found = tuple(self._warnings)
        return (*found, f"and {self._left_out:,} warnings more") if self._left_out else found

    def imports(self) -> tuple[str, ...]:
        """What `pickle.load` would import, and may call: full names, sanitised, sorted."""
        names = sorted({reference_text(item) for item in self._references.values()})
        left_out = len(names) - MAX_IMPORTS
        return tuple(names[:MAX_IMPORTS]) + ((f"… {left_out:,} more",) if left_out > 0 else ())


def is_suspicious(module: str, name: str) -> bool:
    """Whether a file of arrays and models has no honest use for this name.

    A help to the reader of a warning, and no promise: what is not listed here may be just as
    bad. Nothing is allowed or refused by it, since nothing is ever called.
    """
    if module in _BUILTINS:
        return name in _SUSPICIOUS_BUILTINS
    return module.partition(".")[0] in _SUSPICIOUS_MODULES


_BUILTINS = ("builtins", "__builtin__", "__builtins__")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_SUSPICIOUS_BUILTINS = _words(
    "__import__ apply breakpoint compile delattr eval exec execfile exit file globals input locals",
    "open quit setattr vars",
)
_SUSPICIOUS_MODULES = _words(
    # Processes and the system.
    "_posixsubprocess commands ctypes multiprocessing nt os platform popen2 posix pty signal",
    "subprocess sys winreg",
    # Code.
    "bdb cProfile code codeop imp importlib linecache pdb pkgutil profile pydoc runpy test timeit",
    "trace zipimport",
    # Files.
    "ntpath posixpath shutil sqlite3 tempfile",
    # Installers.
    "distutils ensurepip pip setuptools venv",
    # The network.
    "aiohttp asyncio ftplib http httplib imaplib poplib requests smtplib socket ssl telnetlib",
    "urllib urllib2 urllib3 webbrowser wsgiref xmlrpc",
)
