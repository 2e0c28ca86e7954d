"""A line that one can type in: the filter, the name of a file."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from eqxview.tree.sanitise import sanitise
from eqxview.tui.line_edit import LineEdit
from eqxview.tui.lines import Line, Piece, cut, line_width, text_width
from eqxview.tui.one_line import OneLine

_MAX_TEXT = 4_000


class TextLine(OneLine, can_focus=True):
    """A label, a text, and at the right what comes of it. Takes typing while it has the keys."""

    DEFAULT_CSS = """
    TextLine { background: $panel; }
    TextLine:focus { background: $boost; }
    """

    class Typed(Message):
        """The text has changed."""

        def __init__(self, line: "TextLine", text: str) -> None:
            super().__init__()
            self.line = line
            self.text = text

    class Kept(Typed):
        """Enter: what is there is meant."""

    class Left(Typed):
        """Escape: what was typed is not meant; `text` is what was there before."""

    def __init__(self, label: str, text: str = "", *, placeholder: str = "", id: str) -> None:
        super().__init__(id=id)
        self._label = label
        self._placeholder = placeholder
        # It may come from a command line, with anything in it.
        self._before = sanitise(text, limit=_MAX_TEXT)
        self._edit = LineEdit.at_end(self._before)
        self._answer: Line = ()

    @property
    def text(self) -> str:
        """The text."""
        return self._edit.text

    def edit(self, text: str | None = None) -> None:
        """Take the keys; with `text`, put that in place of what is there."""
        self._before = self._edit.text
        self._edit = LineEdit.at_end(self.text if text is None else text)
        if self.text != self._before:
            self.post_message(self.Typed(self, self.text))
        self.focus()
        self.refresh()

    def placeholder(self, text: str) -> None:
        """What stands where no text is."""
        self._placeholder = text
        self.refresh()

    def answer(self, pieces: Sequence[Piece]) -> None:
        """Show what comes of the text."""
        self._answer = tuple(pieces)
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Every key is for the text."""
        event.stop()
        event.prevent_default()
        match event.key:
            case "enter":
                self._before = self.text
                self.post_message(self.Kept(self, self.text))
            case "escape" | "ctrl+c":
                self._change(LineEdit.at_end(self._before))
                self.post_message(self.Left(self, self.text))
            case _:
                edit = self._edit.key(event.key)
                if edit is None and event.is_printable and event.character:
                    edit = self._edit.typed(event.character)
                if edit is not None:
                    self._change(edit)

    def on_paste(self, event: events.Paste) -> None:
        """Paste the first line of it."""
        if event.text:
            event.stop()
            self._change(self._edit.typed(sanitise(event.text.splitlines()[0], limit=_MAX_TEXT)))

    def on_click(self) -> None:
        """A click begins typing."""
        if not self.has_focus:
            self.edit()

    def on_focus(self) -> None:
        """There is a cursor now."""
        self.refresh()

    def on_blur(self) -> None:
        """There is none any more."""
        self.refresh()

    def _change(self, edit: LineEdit) -> None:
        changed = edit.text != self.text
        self._edit = edit
        self.refresh()
        if changed:
            self.post_message(self.Typed(self, edit.text))

    def sides(self, width: int) -> tuple[Line, Line]:
        """The text has what room it needs, up to half; the answer the rest."""
        label = Piece(f" {self._label} ", "key" if self.has_focus else "faint")
        needed = text_width(label.text) + text_width(self.text or self._placeholder) + 2
        room = max(width - needed, width // 2 if width >= 60 else width // 3)
        answer = _cut_line(self._answer, room - 1)
        room = width - line_width(answer) - text_width(label.text) - 2
        if not self.has_focus:
            shown = Piece(cut(self.text, max(room, 1)), "title")
            if not self.text:
                shown = Piece(cut(self._placeholder, max(room, 1)), "faint")
            return (label, shown), (*answer, Piece(" "))
        before, after = self._edit.before, self._edit.after
        # What is near the cursor is seen, whatever the rest is.
        while text_width(before) > max(room - 1, 1):
            before = before[1:]
        after = cut(after, max(room - text_width(before), 0)) if after else ""
        return (
            (label, Piece(before, "title"), Piece("▏", "key"), Piece(after, "title")),
            (*answer, Piece(" ")),
        )


def _cut_line(line: Line, room: int) -> Line:
    pieces: list[Piece] = []
    for piece in line:
        if room <= 0:
            break
        text = cut(piece.text, room)
        pieces.append(Piece(text, piece.paint))
        room -= text_width(text)
    return tuple(pieces)
