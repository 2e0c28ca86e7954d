"""What stands around each screen: heading, tabs, and the last line; and the keys of all."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from eqxview.errors import UsageError
from eqxview.tui.about_file import about_lines, banner_lines
from eqxview.tui.file_screen import FileScreen
from eqxview.tui.heading import Heading
from eqxview.tui.keys import APP, DIGITS
from eqxview.tui.lines import Piece
from eqxview.tui.loading import Loading
from eqxview.tui.messages import (
    BackWanted,
    FileRead,
    GoToNode,
    KeysChanged,
    Notice,
    PositionChanged,
    Searching,
)
from eqxview.tui.one_line import OneLine
from eqxview.tui.opening import Opening
from eqxview.tui.screens import screen_for
from eqxview.tui.status_line import StatusLine
from eqxview.tui.subject import Subject
from eqxview.tui.tab_bar import TabBar
from eqxview.tui.tabs import Tab, tabs_of


class MainScreen(Screen[None]):
    """The frame of every screen."""

    DEFAULT_CSS = """
    MainScreen { layout: vertical; }
    """
    # What has the keys depends on what there is to see: each screen says it.
    AUTO_FOCUS = ""
    BINDINGS: ClassVar = [*APP, *DIGITS]

    def __init__(self, opening: Opening, title: str, *, view: str = "", filter: str = "") -> None:
        super().__init__()
        self._opening = opening
        self._title = title
        self._view = view
        self._filter = filter
        self._subject: Subject | None = None
        self._tabs: Sequence[Tab] = ()
        self._current = 0
        self._screens: dict[str, FileScreen] = {}
        """The screens seen so far by their names: each stays as it was left."""
        self._kept: list[events.Key] | None = []
        """Keys pressed while there is nothing to press them for; `None` when there is."""

    def compose(self) -> ComposeResult:
        """The frame, and in it the first screen if the file has been read already."""
        yield Heading(self._title)
        yield TabBar()
        if self._opening.is_done and self._take_subject():
            yield from self._banner()
            yield self._made_screen(self._first_tab())
        else:
            yield Loading(self._title, self._opening)
        yield StatusLine()

    def on_mount(self) -> None:
        """Wait for the file, if it is not there."""
        if self._subject is not None:
            self._subject_shown()
        else:
            self._tick()
            self.set_interval(0.25, self._tick)
            self._opening.when_done(lambda: self.post_message(FileRead()))

    async def on_file_read(self) -> None:
        """The file has been read, or could not be."""
        if self._subject is not None or not self._take_subject():
            return
        await self.query_one(Loading).remove()
        first = self._made_screen(self._first_tab())
        await self.mount(*self._banner(), first, before=self.query_one(StatusLine))
        self._subject_shown()

    def _take_subject(self) -> bool:
        """Take what was read; if that is nothing, end the app with what went wrong."""
        try:
            subject = self._opening.result()
        except BaseException as failure:  # noqa: BLE001  raised again by `run_app`
            self.app.exit(failure)
            return False
        if subject.is_empty:
            # Nothing could be read: the error says all there is.
            self.app.exit(subject.opened.error)
            return False
        self._subject = subject
        self._tabs = tabs_of(subject)
        return True

    def _first_tab(self) -> int:
        names = [tab.name for tab in self._tabs]
        return names.index(self._view) if self._view in names else 0

    def _banner(self) -> Iterator[OneLine]:
        if self._subject is not None:
            for piece in banner_lines(self._subject.opened):
                yield OneLine([piece], [Piece("i", "key"), Piece(" more ", "faint")])

    def _made_screen(self, number: int) -> FileScreen:
        if self._subject is None:
            raise RuntimeError("no screen without anything to show")
        tab = self._tabs[number]
        self._current = number
        is_asked_for = tab.name == self._view and tab.takes_filter
        screen = screen_for(tab, self._subject, filter=self._filter if is_asked_for else "")
        self._screens[tab.name] = screen
        return screen

    def _subject_shown(self) -> None:
        """The first screen is there: name the file, and press the keys that were kept."""
        if self._subject is not None:
            self.query_one(Heading).opened(self._subject.opened)
        self._screen_shown()

    def _screen_shown(self) -> None:
        """Another screen is there, or shows something else."""
        if (screen := self._shown) is not None:
            screen.show_subject()
            if self.focused is None:
                screen.take_keys()
        self._show_tabs()
        kept, self._kept = self._kept or [], None
        for key in kept:
            self.app.post_message(events.Key(key.key, key.character))

    def _tick(self) -> None:
        if self._subject is None:
            self.query_one(Heading).reading(self._opening.seconds)

    def _show_tabs(self) -> None:
        objects = "" if self._subject is None else self._subject.objects
        self.query_one(TabBar).show(self._tabs, self._current, objects=objects)

    @property
    def tabs(self) -> Sequence[Tab]:
        """The screens there are."""
        return self._tabs

    @property
    def _shown(self) -> FileScreen | None:
        if not self._tabs:
            return None
        return self._screens.get(self._tabs[self._current].name)

    @property
    def _status(self) -> StatusLine:
        return self.query_one(StatusLine)

    def on_key(self, event: events.Key) -> None:
        """Keep keys while there is nothing to press them for; a key ends a message."""
        if self._kept is None:
            self._status.clear_notice()
        elif self._subject is not None or self._kept or event.key not in _AT_ONCE:
            # `q` quits, unless it may be a letter of a search begun before.
            self._kept.append(event)
            event.stop()
            event.prevent_default()

    def on_notice(self, message: Notice) -> None:
        """Say it in the last line."""
        message.stop()
        if message.text:
            self._status.say(message.text, is_problem=message.is_problem)
        else:
            self._status.clear_notice()

    def on_keys_changed(self, message: KeysChanged) -> None:
        """Hint at the keys of what has them."""
        message.stop()
        self._status.hint_at(message.hints)

    def on_position_changed(self, message: PositionChanged) -> None:
        """Say where the cursor is."""
        message.stop()
        self._status.position(message.parts)

    def on_searching(self, message: Searching) -> None:
        """The last line shows what is being typed."""
        message.stop()
        self._status.prompt(message.query)

    def on_back_wanted(self, message: BackWanted) -> None:
        """Nothing is left to go back from."""
        message.stop()
        self._status.say("q quits, ? helps")

    # Screens.

    async def action_go_to_screen(self, number: int) -> None:
        """Show another screen."""
        screen = self._shown
        if screen is None or number == self._current:
            return
        if not 0 <= number < len(self._tabs):
            self._status.say(f"there are {len(self._tabs)} screens")
            return
        await self._show_screen(number)

    async def _show_screen(self, number: int) -> None:
        """Show the screen of a tab, in place of the one that is shown, if one is."""
        # The keys that come now are for the screen that comes.
        self._kept = []
        self.set_focus(None)
        if (screen := self._shown) is not None:
            screen.display = False
        known = self._screens.get(self._tabs[number].name)
        self._current = number
        if known is None:
            await self.mount(self._made_screen(number), before=self._status)
        else:
            known.display = True
        self._screen_shown()

    async def action_next_screen(self, step: int) -> None:
        """Show the next screen, or the previous one."""
        if len(self._tabs) > 1:
            await self.action_go_to_screen((self._current + step) % len(self._tabs))
        elif self._tabs:
            self._status.say("there is one screen")

    async def on_go_to_node(self, message: GoToNode) -> None:
        """Show a node in the tree."""
        message.stop()
        names = [tab.name for tab in self._tabs]
        if self._subject is None or "tree" not in names:
            return
        row = self._subject.tree.find(message.path)
        await self.action_go_to_screen(names.index("tree"))
        screen = self._shown
        if row is not None and screen is not None:
            screen.go_to(row)

    def action_next_object(self, step: int) -> None:
        """Show another object of the file."""
        if self._subject is None:
            return
        if len(self._subject.trees) < 2:
            self._status.say("the file holds one object")
        elif (screen := self._shown) is not None:
            self._subject.step(step)
            screen.show_subject()
            self._show_tabs()

    def action_take_keys(self) -> None:
        """Give the keys to the screen that is shown."""
        if self.focused is None and (screen := self._shown) is not None:
            screen.take_keys()

    def action_filter(self) -> None:
        """Type a filter."""
        screen = self._shown
        if screen is not None and not screen.start_filter():
            named = ", ".join(tab.title for tab in self._tabs if tab.takes_filter)
            self._status.say(f"screens with a filter: {named or 'none'}")

    def action_next_pane(self) -> None:
        """Give the keys to the other pane."""
        screen = self._shown
        if screen is not None and not screen.next_pane():
            self.action_details()

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

        if self._subject is not None:
            lines = list(about_lines(self._subject.opened))
            self.app.push_screen(Overlay("The file", lines, key="i"))

    # Files.

    def action_export(self) -> None:
        """Ask for the name of a file, and write to it what is shown."""
        from eqxview.tui.ask_line import AskLine
        from eqxview.tui.export import export_name

        if self._subject is not None and self._tabs:
            tab = self._tabs[self._current]
            self._ask(
                AskLine("export to:", export_name(self._subject, tab), self._export, self._told)
            )

    def _export(self, path: str) -> str:
        """Write the file; what to say then. Called in a thread."""
        from eqxview.tui.export import export

        screen = self._shown
        if self._subject is None or screen is None:
            return ""
        return export(self._subject, self._tabs[self._current], path, filter=screen.filter)

    def action_compare(self) -> None:
        """Ask for an earlier file, and show what has changed since."""
        from eqxview.tui.ask_line import AskLine

        subject = self._subject
        if subject is None or not subject.trees or subject.open_another is None:
            self._status.say("there is nothing here to compare with")
            return
        self._ask(
            AskLine(
                "what has changed since (a file):",
                "",
                partial(_open_other, subject),
                self._compared,
            )
        )

    def _ask(self, line) -> None:
        self._status.display = False
        self.mount(line, before=self._status)

    def _told(self, text: object) -> None:
        self._status.say(str(text))

    async def _compared(self, _result: object) -> None:
        """Another file is there: show how the two differ."""
        if self._subject is None:
            return
        old = self._screens.pop("diff", None)
        self._tabs = tabs_of(self._subject)
        number = [tab.name for tab in self._tabs].index("diff")
        if old is not None:
            await old.remove()
        await self._show_screen(number)

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


def _open_other(subject: Subject, path: str) -> str:
    if subject.open_another is None:
        raise UsageError("there is no way to open another file")
    subject.other = subject.open_another(path)
    return ""


_AT_ONCE = ("q", "ctrl+c", "ctrl+z")
"""Keys that work while a file is read."""
