"""What stands around each screen: heading, tabs, and the last line; and the keys of all."""

from collections.abc import Iterator
from importlib import import_module
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from eqxview.readers.opened import OpenedFile
from eqxview.tui.about_file import about_lines, banner_lines
from eqxview.tui.file_screen import FileScreen
from eqxview.tui.heading import Heading
from eqxview.tui.keys import APP
from eqxview.tui.lines import Piece
from eqxview.tui.loading import Loading
from eqxview.tui.messages import BackWanted, FileRead, Notice
from eqxview.tui.one_line import OneLine
from eqxview.tui.opening import Opening
from eqxview.tui.screens import SCREENS
from eqxview.tui.status_line import StatusLine
from eqxview.tui.tab_bar import TabBar


class MainScreen(Screen[None]):
    """The frame of every screen."""

    DEFAULT_CSS = """
    MainScreen { layout: vertical; }
    """
    BINDINGS: ClassVar = APP

    def __init__(self, opening: Opening, title: str) -> None:
        super().__init__()
        self._opening = opening
        self._title = title
        self._opened: OpenedFile | None = None
        self._current = 0
        self._kept: list[events.Key] | None = []
        """Keys pressed while the file is read; `None` when it is there."""

    def compose(self) -> ComposeResult:
        """The frame, and in it the file's first screen if the file has been read already."""
        yield Heading(self._title)
        yield TabBar()
        if self._opening.is_done and self._take_file():
            yield from self._banner()
            yield self._made_screen(0)
        else:
            yield Loading(self._title, self._opening)
        yield StatusLine()

    def on_mount(self) -> None:
        """Wait for the file, if it is not there."""
        if self._opened is not None:
            self._file_shown()
        else:
            self._tick()
            self.set_interval(0.25, self._tick)
            self._opening.when_done(lambda: self.post_message(FileRead()))

    async def on_file_read(self) -> None:
        """The file has been read, or could not be."""
        if self._opened is not None or not self._take_file():
            return
        await self.query_one(Loading).remove()
        await self.mount(*self._banner(), self._made_screen(0), before=self.query_one(StatusLine))
        self._file_shown()

    def _take_file(self) -> bool:
        """Take what was read; if that is nothing, end the app with what went wrong."""
        try:
            opened = self._opening.result()
        except BaseException as failure:  # noqa: BLE001  raised again by `run_app`
            self.app.exit(failure)
            return False
        if not opened.trees:
            # Nothing could be read: the error says all there is.
            self.app.exit(opened.error)
            return False
        self._opened = opened
        return True

    def _banner(self) -> Iterator[OneLine]:
        if self._opened is not None:
            for piece in banner_lines(self._opened):
                yield OneLine([piece], [Piece("i", "key"), Piece(" more ", "faint")])

    def _made_screen(self, number: int) -> Widget:
        entry = SCREENS[number]
        self._current = number
        return getattr(import_module(entry.module), entry.widget)(self._opened)

    def _file_shown(self) -> None:
        """The first screen is there: name the file, and press the keys that were kept."""
        if self._opened is not None:
            self.query_one(Heading).opened(self._opened)
        self._show_tabs()
        kept, self._kept = self._kept or [], None
        for key in kept:
            self.app.post_message(events.Key(key.key, key.character))

    def _tick(self) -> None:
        if self._opened is None:
            self.query_one(Heading).reading(self._opening.seconds)

    def _show_tabs(self) -> None:
        screen = self._shown
        self.query_one(TabBar).show(self._current, objects=screen.objects if screen else "")

    @property
    def _shown(self) -> FileScreen | None:
        return next(iter(self.query(FileScreen)), None)

    def on_key(self, event: events.Key) -> None:
        """Keep keys while there is nothing to press them for; a key ends a message."""
        if self._kept is None:
            self.query_one(StatusLine).clear_notice()
        elif self._kept or event.key not in ("q", "ctrl+c", "ctrl+z"):
            # `q` quits, unless it may be a letter of a search begun before.
            self._kept.append(event)
            event.stop()
            event.prevent_default()

    def on_notice(self, message: Notice) -> None:
        """Say it in the last line."""
        message.stop()
        status = self.query_one(StatusLine)
        if message.text:
            status.say(message.text, is_problem=message.is_problem)
        else:
            status.clear_notice()

    def on_back_wanted(self, message: BackWanted) -> None:
        """Nothing is left to go back from."""
        message.stop()
        self.query_one(StatusLine).say("q quits, ? helps")

    async def action_go_to_screen(self, number: int) -> None:
        """Show another screen."""
        screen = self._shown
        if screen is not None and number != self._current and 0 <= number < len(SCREENS):
            await screen.remove()
            await self.mount(self._made_screen(number), before=self.query_one(StatusLine))
            self._show_tabs()

    def action_next_object(self, step: int) -> None:
        """Show another object of the file."""
        if self._opened is None:
            return
        if len(self._opened.trees) < 2:
            self.query_one(StatusLine).say("the file holds one object")
        elif (screen := self._shown) is not None:
            screen.show_object(step)
            self._show_tabs()

    def action_details(self) -> None:
        """Show the details, or leave them."""
        if (screen := self._shown) is not None:
            screen.toggle_details()

    def action_help(self) -> None:
        """Show all keys."""
        from eqxview.tui.help import help_lines
        from eqxview.tui.overlay import Overlay

        self.app.push_screen(Overlay("Keys", list(help_lines()), key="question_mark"))

    def action_about_file(self) -> None:
        """Show what there is to know about the file."""
        from eqxview.tui.overlay import Overlay

        if self._opened is not None:
            self.app.push_screen(Overlay("The file", list(about_lines(self._opened)), key="i"))

    async def action_back(self) -> None:
        """Go one step back, or undo what is on in the screen."""
        screen = self._shown
        if screen is not None and not screen.go_back():
            await screen.main_view.run_action("back")

    def action_quit(self) -> None:
        """One step back, or else quit."""
        screen = self._shown
        if screen is None or not screen.go_back():
            self.app.exit()
