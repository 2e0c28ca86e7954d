"""Work done in a thread, one thing at a time, the latest wish first."""

from collections.abc import Callable
from threading import Lock, Thread
from typing import Generic, TypeVar

Wish = TypeVar("Wish")


class LatestWish(Generic[Wish]):
    """Grants one wish after another; forgets a wish not begun when a later one comes.

    Moving the cursor past a hundred arrays makes a hundred wishes, and so does typing a filter;
    only the latest is granted when the one before it is done. So threads do not pile up, and
    the screen never waits.
    """

    def __init__(self, name: str, grant: Callable[[Wish], object]) -> None:
        """`grant` is called in a thread called `name`, and must not raise."""
        self._name = name
        self._grant = grant
        self._lock = Lock()
        self._wishes: list[Wish] = []
        self._busy = False

    def want(self, wish: Wish) -> None:
        """Wish for something, in place of what was wished for before."""
        with self._lock:
            self._wishes[:] = [wish]
            if self._busy:
                return
            self._busy = True
        # A daemon: who quits in the middle of something long does not wait for it.
        Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wishes:
                    self._busy = False
                    return
                wish = self._wishes.pop()
            self._grant(wish)
