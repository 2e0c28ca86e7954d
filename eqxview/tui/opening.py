"""What the app shows on its way in: read in a thread, while the app is imported and shown."""

import time
from collections.abc import Callable
from threading import Lock, Thread

from eqxview.tui.subject import Subject


class Opening:
    """Reads from the moment it is made. Ask `is_done`, or be told with `when_done`."""

    def __init__(self, open_subject: Callable[[], Subject]) -> None:
        self._open_subject = open_subject
        self._started = time.perf_counter()
        self._lock = Lock()
        self._opened: Subject | None = None
        self._failure: BaseException | None = None
        self._done = False
        self._tell: Callable[[], object] | None = None
        # A daemon: who quits while a large file is read does not wait for it.
        Thread(target=self._read, name="eqxview-open", daemon=True).start()

    @property
    def is_done(self) -> bool:
        """Whether the file was read, or could not be."""
        return self._done

    @property
    def seconds(self) -> float:
        """Seconds since reading began."""
        return time.perf_counter() - self._started

    def when_done(self, tell: Callable[[], object]) -> None:
        """Call `tell` once, from the reading thread; at once if the file is read already."""
        with self._lock:
            if not self._done:
                self._tell = tell
                return
        tell()

    def result(self) -> Subject:
        """What was read; raises what reading it raised. Only when done."""
        if self._failure is not None:
            raise self._failure
        if self._opened is None:
            raise RuntimeError("asked for a file that is still being read")
        return self._opened

    def _read(self) -> None:
        try:
            opened = self._open_subject()
            for tree in opened.trees:
                # The sums that every line of a container needs: here they make no key wait.
                if len(tree):
                    tree.totals()
            self._opened = opened
        except BaseException as failure:  # noqa: BLE001  raised again where the app ends
            self._failure = failure
        with self._lock:
            self._done = True
            tell = self._tell
        if tell is not None:
            tell()
