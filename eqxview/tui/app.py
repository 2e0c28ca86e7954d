"""The Textual app."""

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.screen import Screen

from eqxview.errors import EXIT_INTERRUPTED
from eqxview.tui.keys import CHORDS, SECTIONS, key_text
from eqxview.tui.main_screen import MainScreen
from eqxview.tui.opening import Opening


class EqxviewApp(App[BaseException | None]):
    """Shows one file. Its result is what went wrong, if anything did."""

    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING: ClassVar[str] = "ctrl+p"
    TITLE = "eqxview"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-medium"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-middle"), (36, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        opening: Opening,
        title: str,
        *,
        view: str = "",
        filter: str = "",
        when_painted: Callable[[], object] | None = None,
    ) -> None:
        super().__init__()
        self._when_painted = when_painted
        self._opening = opening
        self._file_title = title
        self._view = view
        self._filter = filter
        self.crash: Exception | None = None
        """An error of ours that ended the app."""
        if _has_light_background(os.environ.get("COLORFGBG", "")):
            self.theme = "textual-light"

    def on_ready(self) -> None:
        """Tell that the first screen is up."""
        if self._when_painted is not None:
            self.call_after_refresh(self._when_painted)

    def get_default_screen(self) -> Screen:
        """The frame of all screens."""
        return MainScreen(self._opening, self._file_title, view=self._view, filter=self._filter)

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        """The command palette: every key of ours by its name, and Textual's own."""
        main = self.screen_stack[0]
        if isinstance(main, MainScreen):
            for number, tab in enumerate(main.tabs):
                yield SystemCommand(
                    f"Screen: {tab.title}",
                    f"key {number + 1}",
                    partial(self._run, main, f"go_to_screen({number})"),
                )
        for title, section in SECTIONS:
            for binding in section:
                if binding.action.startswith("app."):
                    continue
                yield SystemCommand(
                    f"{title}: {binding.tooltip or binding.description}",
                    f"key {key_text(binding)}",
                    partial(self._run, main, binding.action),
                )
            for chord in CHORDS.get(title, ()):
                yield SystemCommand(
                    f"{title}: {chord.sentence}",
                    f"keys {chord.first} {chord.second}",
                    partial(self._run, main, chord.action),
                )
        for command in super().get_system_commands(screen):
            if command.title in ("Theme", "Screenshot"):
                yield command

    async def _run(self, main: Screen, action: str) -> None:
        """Run an action where it lives: at the widget with the keys, or on the screen."""
        name = action.partition("(")[0]
        for target in (main.focused, main):
            if target is not None and hasattr(target, f"action_{name}"):
                await target.run_action(action)
                return

    def action_interrupt(self) -> None:
        """Quit at once, with the exit code of an interrupt."""
        self.exit(KeyboardInterrupt(), return_code=EXIT_INTERRUPTED)

    def _handle_exception(self, error: Exception) -> None:
        super()._handle_exception(error)
        if not (self.is_headless or "EQXVIEW_DEBUG" in os.environ):
            # Textual would print a page of traceback with local variables; whoever runs the
            # command tells it in one line.
            self.crash = error
            self._exit_renderables.clear()


def _has_light_background(colorfgbg: str) -> bool:
    """Whether the terminal says so, in the variable that some of them set: `0;15`."""
    return colorfgbg.rpartition(";")[2] in ("7", "15")
