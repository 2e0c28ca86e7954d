"""What is compiled while a program runs, in the title of the terminal's window.

In the title, since all of the screen is the program's: what it prints, and what others print for
it, XLA and child processes among them, could not be kept from mixing with a line of ours.
"""

import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from eqxview.tree.sanitise import sanitise

if TYPE_CHECKING:
    from eqxview.watching import Compile

# Terminals that would print the title in place of showing it.
_UNTITLED = ("", "dumb", "linux", "cons25", "emacs")
_LONGEST = 120


def has_title(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `stream` is a terminal whose window has a title."""
    return stream.isatty() and os.name == "posix" and environ.get("TERM", "") not in _UNTITLED


class TitleStatus:
    """Tells in the title of a terminal what has been compiled so far; of its owner's functions.

    The title that was there is put back by `end()`, where the terminal can do that.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        # Past the stream's buffer, in one piece, and also if the program takes the stream away.
        self._file = stream.fileno()
        self._lock = threading.Lock()
        self._compiled = 0
        self._again = 0
        self._seconds = 0.0
        self._last = ""
        self._is_shown = False

    def compiled(self, compile: "Compile") -> None:
        """Counts one more, and shows it."""
        if not compile.is_of_user:
            return
        with self._lock:
            self._compiled += 1
            self._seconds += compile.seconds.total
            if compile.is_miss:
                self._again += 1
                found = compile.differences[0]
                self._last = f"{compile.name}: {found.path} {found.before} → {found.after}"
            if not self._is_shown:
                self._write("\x1b[22;2t")  # remember the title
                self._is_shown = True
            self._write(f"\x1b]2;{self.text}\x1b\\")

    @property
    def text(self) -> str:
        """`3 compiled, 2 again, 4.1 s · step: x [2] → [3]`."""
        again = f", {self._again} again" if self._again else ""
        last = f" · {self._last}" if self._last else ""
        return sanitise(
            f"eqxview: {self._compiled} compiled{again}, {self._seconds:.1f} s{last}",
            limit=_LONGEST,
        )

    def end(self) -> None:
        """Puts the title back."""
        with self._lock:
            if self._is_shown:
                self._write("\x1b]2;\x1b\\\x1b[23;2t")
                self._is_shown = False

    def _write(self, text: str) -> None:
        try:
            os.write(self._file, text.encode("utf-8", "replace"))
        except OSError:
            # The terminal is gone, or the program has closed it: nobody reads titles there.
            self._is_shown = False
