"""The screen of any analysis: its document, with the outline as a tree to walk in."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widget import Widget

from eqxview.document import Document, Facts, Note, Outline, Part, Table, Tone
from eqxview.errors import EqxviewError
from eqxview.render.values import value_text
from eqxview.tree.sanitise import sanitise
from eqxview.tui.file_screen import FileScreen
from eqxview.tui.keys import TABLE_HINTS, TYPING_HINTS, hints
from eqxview.tui.latest_wish import LatestWish
from eqxview.tui.lines import Piece
from eqxview.tui.messages import (
    Answered,
    BackWanted,
    CursorMoved,
    GoToNode,
    KeysChanged,
    PositionChanged,
    RowWanted,
)
from eqxview.tui.paint_names import PAINT_OF_TONE
from eqxview.tui.parts_view import PartsView
from eqxview.tui.status_line import clear_notice
from eqxview.tui.subject import Subject
from eqxview.tui.tabs import Tab
from eqxview.tui.text_line import TextLine
from eqxview.tui.tree_pane import TreePane
from eqxview.tui.tree_state import TreeState

_FEW_ROWS = 4
_SLOW = 0.15
"""Seconds after which it is said that the answer is on its way."""


class _Question:
    """One question to an analysis."""

    def __init__(self, number: int, tab: Tab, subject: Subject, filter: str) -> None:
        self.number = number
        self.tab = tab
        self.subject = subject
        self.filter = filter


class DocumentScreen(FileScreen):
    """A filter line where there is a filter, the document's parts, and its outline.

    The outline is a tree with the marks of the analysis; the parts are above it, as high as
    they need but not much. Where there is no outline the parts have the screen.
    """

    DEFAULT_CSS = """
    DocumentScreen PartsView { height: 1fr; width: 1fr; }
    DocumentScreen.-outline PartsView {
        height: auto; max-height: 30%; border-bottom: solid $panel-lighten-2;
    }
    DocumentScreen.-outline.-parts PartsView { max-height: 70%; }
    DocumentScreen TreePane { display: none; }
    DocumentScreen.-outline TreePane { display: block; }
    .-medium DocumentScreen DetailPane { display: none; }
    .-medium DocumentScreen .-details #tree-side { display: none; }
    .-medium DocumentScreen .-details DetailPane {
        display: block; height: 1fr; border-top: none;
    }
    DocumentScreen.-no-parts PartsView { display: none; }
    .-low DocumentScreen.-outline PartsView, .-narrow DocumentScreen.-outline PartsView {
        display: none;
    }
    .-low DocumentScreen.-outline.-parts PartsView,
    .-narrow DocumentScreen.-outline.-parts PartsView {
        display: block; max-height: 100%; border-bottom: none;
    }
    .-low DocumentScreen.-outline.-parts TreePane,
    .-narrow DocumentScreen.-outline.-parts TreePane {
        display: none;
    }
    """
    SCOPED_CSS = False

    def __init__(self, subject: Subject, tab: Tab, *, filter: str = "") -> None:
        super().__init__(subject, tab, filter=filter)
        self._asked = 0
        self._shown_object = -1
        self._document: Document | None = None
        self._wishes: LatestWish[_Question] = LatestWish("eqxview-answer", self._answer)

    def compose(self) -> ComposeResult:
        """The filter line and the parts; the tree comes with the first outline."""
        if self.tab.takes_filter:
            yield TextLine("filter:", self.filter, placeholder="f begins one", id="filter")
        yield PartsView()

    # What the frame asks.

    @property
    def main_view(self) -> Widget:
        """The outline if there is one, and the user has not gone to the parts."""
        pane = self._pane
        return self._parts if pane is None or self.has_class("-parts") else pane.view

    @property
    def document(self) -> Document | None:
        """What is shown."""
        return self._document

    @property
    def _parts(self) -> PartsView:
        return self.query_one(PartsView)

    @property
    def _pane(self) -> TreePane | None:
        return next(iter(self.query(TreePane)), None) if self.has_class("-outline") else None

    @property
    def _line(self) -> TextLine | None:
        return next(iter(self.query(TextLine)), None)

    def show_subject(self) -> None:
        """Ask about the object that is current, unless its answer is here."""
        if self.subject.number != self._shown_object:
            self._shown_object = self.subject.number
            self._ask()
        self._tell_position()

    def start_filter(self) -> bool:
        """Begin to type a filter; marks made by hand are a filter to begin with."""
        line, pane = self._line, self._pane
        if line is None:
            return False
        marked = []
        if pane is not None and pane.state.marks and not line.text:
            tree = pane.state.tree
            marked = [tree.path(row) for row in sorted(pane.state.marks)]
        line.edit(" or ".join(marked) if marked else None)
        return True

    def next_pane(self) -> bool:
        """From the tree to the parts above it, and back."""
        if self._pane is None or self.has_class("-no-parts"):
            return False
        # Where there is no room for both, the class says which of them is there.
        self.toggle_class("-parts")
        self.call_after_refresh(self.take_keys)
        return True

    def toggle_details(self) -> None:
        """To the details of a node, or back."""
        if (pane := self._pane) is not None:
            pane.toggle_details()
        else:
            self._parts.action_open_row()

    def go_back(self) -> bool:
        """From the details or the parts to the tree; whether that was a step back."""
        pane = self._pane
        if pane is None:
            return False
        if self.has_class("-parts"):
            self.remove_class("-parts")
            self.call_after_refresh(self.take_keys)
            return True
        return pane.go_back()

    # Questions and answers.

    def _ask(self) -> None:
        self._asked += 1
        question = _Question(self._asked, self.tab, self.subject, self.filter)
        self._wishes.want(question)
        self.set_timer(_SLOW, lambda: self._say_waiting(question.number))

    def _answer(self, question: _Question) -> None:
        """In a thread: ask the analysis, and tell the screen."""
        document, problem, hint = None, "", ""
        try:
            document = question.tab.ask(question.subject, question.filter).document()
        except EqxviewError as error:
            problem, hint = sanitise(str(error)), sanitise(error.hint)
        except MemoryError:
            problem = "there is not enough memory for this answer"
        except Exception as error:  # noqa: BLE001  said on the screen, which goes on
            problem = sanitise(f"internal error: {type(error).__name__}: {error}")
            hint = "this is a bug in eqxview"
        self.post_message(Answered(question.number, document, problem, hint))

    def _say_waiting(self, number: int) -> None:
        if number == self._asked and self._document is None and not self.has_class("-problem"):
            self._parts.show(Document("", (Note("working…"),)), is_flat=False)

    async def on_answered(self, message: Answered) -> None:
        """Show the answer; an answer to an earlier question comes too late."""
        message.stop()
        if message.question != self._asked:
            return
        if message.document is None:
            self._show_problem(message.problem, message.hint)
            return
        self.remove_class("-problem")
        document = self._document = message.document
        outline = next((part for part in document.parts if isinstance(part, Outline)), None)
        rest = tuple(part for part in document.parts if part is not outline)
        line = self._line
        if line is not None:
            line.answer(_sums(document))
            rest, said = _without_filter(rest)
            if not self.filter:
                line.placeholder(said or "none")
        if outline is not None:
            await self._show_outline(outline, _code(rest))
        elif self.has_class("-outline"):
            self.remove_class("-outline")
        self._show_parts(Document(document.title, rest), has_outline=outline is not None)
        if self.display and self.screen.focused is None:
            self.take_keys()

    def _show_parts(self, document: Document, *, has_outline: bool) -> None:
        parts = self._parts
        parts.show(document, is_flat=has_outline)
        # As high as it is, within what the style sheet allows; and a rule below.
        height = parts.height_for(max(self.size.width - 1, 1)) + 1
        parts.styles.height = height if has_outline else "1fr"
        self.set_class(has_outline and not document.parts, "-no-parts")

    def _show_problem(self, problem: str, hint: str) -> None:
        line = self._line
        self.add_class("-problem")
        if line is not None and self._document is not None:
            # What was there is still there: the filter is not finished, perhaps.
            text = f"! {problem}" + (f" ({hint})" if hint else "")
            line.answer([Piece(text, "wrong")])
        else:
            note = Note(problem, level="error", hint=hint)
            self._show_parts(Document("", (note,)), has_outline=False)
            if self.display and self.screen.focused is None:
                self._parts.focus()

    async def _show_outline(self, outline: Outline, code: str) -> None:
        pane = next(iter(self.query(TreePane)), None)
        if pane is None:
            state = TreeState(outline.tree, rows=outline.rows, columns=outline.columns)
            pane = TreePane(state)
            await self.mount(pane)
            pane.offer_code(code)
            self.add_class("-outline")
            if self.display and self.screen.focused in (None, self._parts):
                self.main_view.focus()
            return
        self.add_class("-outline")
        pane.offer_code(code)
        state = pane.state
        if state.tree is outline.tree and state.is_whole and outline.rows is None:
            state.columns = outline.columns
            pane.marks_changed()
        else:
            pane.show(
                TreeState(outline.tree, rows=outline.rows, columns=outline.columns, like=state)
            )

    # The filter.

    def on_text_line_typed(self, message: TextLine.Typed) -> None:
        """Every letter is a question."""
        message.stop()
        self.filter = message.text
        self._ask()

    def on_text_line_kept(self, message: TextLine.Kept) -> None:
        """Enter."""
        message.stop()
        self.take_keys()

    def on_text_line_left(self, message: TextLine.Left) -> None:
        """Escape: the line has gone back to the filter before, and has asked."""
        message.stop()
        self.take_keys()

    # Keys and messages of the panes.

    def on_descendant_focus(self) -> None:
        """Hint at the keys of what has them."""
        line, pane = self._line, self._pane
        if line is not None and line.has_focus:
            shown = TYPING_HINTS
        elif self._parts.has_focus:
            shown = TABLE_HINTS if pane else [hint for hint in TABLE_HINTS if hint.key != "w"]
        elif pane is not None and pane.view.has_focus:
            shown = hints(takes_filter=self.tab.takes_filter, has_code=bool(pane.view.code))
        else:
            return
        self.post_message(KeysChanged(shown))
        self._tell_position()

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """The cursor of the parts has moved."""
        message.stop()
        clear_notice(self)
        self._tell_position()

    def _tell_position(self) -> None:
        pane = self._pane
        if not self.display:
            return
        if pane is not None and not self._parts.has_focus:
            pane.tell_position()
        else:
            self.post_message(PositionChanged(self._parts.position_text()))

    def on_row_wanted(self, message: RowWanted) -> None:
        """Enter on a row: its node in the tree, or all its cells."""
        message.stop()
        pane = self._pane
        if message.path and pane is not None:
            row = pane.state.tree.find(message.path)
            if row is not None:
                self.remove_class("-parts")
                pane.view.go_to_row(row)
                self.call_after_refresh(self.take_keys)
                return
        if message.path and self.subject.trees and self.subject.tree.find(message.path) is not None:
            self.post_message(GoToNode(message.path))
            return
        from eqxview.tui.overlay import Overlay

        cells = self.cells(message.cells)
        names = max((len(name) for name, _ in cells), default=0) + 2
        lines = [
            ((Piece(f"{name:<{names}}", "faint"), Piece(text)), names)
            for name, text in cells
            if text
        ]
        self.app.push_screen(Overlay(self.tab.title, lines, key="enter"))

    def cells(self, cells: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """What to show of a row when it is shown whole: names and texts."""
        return cells

    def on_back_wanted(self, message: BackWanted) -> None:
        """Esc with nothing to undo in a pane."""
        if self.go_back():
            message.stop()


def _code(parts: Sequence[Part]) -> str:
    """What there is in Python to paste: the last fact that is code; empty if there is none."""
    facts = [fact for part in parts if isinstance(part, Facts) for fact in part.rows]
    codes = [fact.value for fact in facts if fact.unit == "code" and fact.value]
    return str(codes[-1]) if codes else ""


def _without_filter(parts: tuple[Part, ...]) -> tuple[tuple[Part, ...], str]:
    """The parts without the fact that says the filter, and what it says: it has its line."""
    left: list[Part] = []
    said = ""
    for part in parts:
        if isinstance(part, Facts):
            said = next((str(fact.value) for fact in part.rows if fact.name == "filter"), said)
            part = Facts(tuple(f for f in part.rows if f.name != "filter"), part.title)
            if not part.rows:
                continue
        left.append(part)
    return tuple(left), said


def _sums(document: Document) -> list[Piece]:
    """The rows of the first short table in a line, for a screen that shows nothing else of it."""
    pieces: list[Piece] = []
    for part in document.parts:
        if not isinstance(part, Table) or not 0 < len(part.rows) <= _FEW_ROWS:
            continue
        tones: Sequence[Tone] = part.tones or ("plain",) * len(part.rows)
        for row, tone in zip(part.rows, tones, strict=True):
            texts = [
                next(
                    (
                        value_text(value, unit)
                        for value, column in zip(row, part.columns, strict=True)
                        if column.unit == unit
                    ),
                    "",
                )
                for unit in ("count", "bytes")
            ]
            count, size = texts
            name = value_text(row[0], part.columns[0].unit)
            sums = f"{count} ({size})" if count and size else count or size
            pieces.append(Piece(" · " if pieces else "", "faint"))
            pieces.append(Piece(f"{name} {sums}", PAINT_OF_TONE[tone]))
        break
    return pieces
