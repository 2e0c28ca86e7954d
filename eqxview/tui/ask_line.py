"""A question in the last line, and what is done with the answer."""

from collections.abc import Awaitable, Callable
from threading import Thread

from eqxview.errors import EqxviewError
from eqxview.tree.sanitise import sanitise
from eqxview.tui.lines import Piece
from eqxview.tui.messages import Told
from eqxview.tui.status_line import StatusLine
from eqxview.tui.text_line import TextLine


class AskLine(TextLine):
    """Asks for one line, in place of the status line; goes away when that has been dealt with.

    What goes wrong is said beside the answer, which can then be corrected.
    """

    def __init__(
        self,
        label: str,
        text: str,
        work: Callable[[str], object],
        done: Callable[[object], Awaitable[None] | None],
    ) -> None:
        """`work` is called with the answer, in a thread; `done` with what it returns."""
        super().__init__(label, text, id="ask")
        self._work = work
        self._done = done
        self._is_busy = False

    def on_mount(self) -> None:
        """Take the keys."""
        self.edit()

    def on_text_line_typed(self, message: TextLine.Typed) -> None:
        """What was wrong is not there any more."""
        message.stop()
        self.answer([])

    async def on_text_line_left(self, message: TextLine.Left) -> None:
        """Escape."""
        message.stop()
        await self._go_away()

    async def on_text_line_kept(self, message: TextLine.Kept) -> None:
        """Enter: do it, while the screen goes on."""
        message.stop()
        if not message.text.strip():
            await self._go_away()
        elif not self._is_busy:
            self._is_busy = True
            self.answer([Piece("working…", "faint")])
            path = message.text.strip()
            Thread(target=self._run, args=(path,), name="eqxview-ask", daemon=True).start()

    def _run(self, text: str) -> None:
        try:
            result = self._work(text)
        except EqxviewError as error:
            result = error
        except Exception as error:  # noqa: BLE001  said beside the answer
            result = EqxviewError(f"internal error: {type(error).__name__}: {error}")
        self.post_message(Told(result))

    async def on_told(self, message: Told) -> None:
        """It is done, or could not be."""
        message.stop()
        self._is_busy = False
        if isinstance(message.result, EqxviewError):
            self.answer([Piece(f"! {sanitise(str(message.result))}", "wrong")])
            return
        screen, done = self.screen, self._done
        await self._go_away()
        waiting = done(message.result)
        if waiting is not None:
            await waiting
        screen.refresh()

    async def _go_away(self) -> None:
        screen = self.screen
        screen.query_one(StatusLine).display = True
        screen.set_focus(None)
        screen.call_later(screen.run_action, "take_keys")
        await self.remove()
