"""Python's garbage collector, held off while much is made and nothing is thrown away.

Imports, descriptions and lines are made by the ten thousand and stay: to look through all of
them again and again is a tenth of what a small file costs.
"""

import gc
from threading import Lock
from types import TracebackType

_lock = Lock()
_open = 0
_was_enabled = False


class CollectorPause:
    """Holds the collector off until `end`, or for the length of a `with` block.

    Pauses may overlap, from several threads: the last to end lets the collector go on.
    """

    def __init__(self) -> None:
        global _open, _was_enabled
        self._is_open = True
        with _lock:
            if not _open:
                _was_enabled = gc.isenabled()
                gc.disable()
            _open += 1

    def end(self) -> None:
        """Let the collector go on; a second time does nothing."""
        global _open
        with _lock:
            if not self._is_open:
                return
            self._is_open = False
            _open -= 1
            if not _open and _was_enabled:
                gc.enable()

    def end_for_good(self) -> None:
        """Let the collector go on, and never again look at what is there now."""
        if self._is_open:
            gc.freeze()
        self.end()

    def __enter__(self) -> "CollectorPause":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
