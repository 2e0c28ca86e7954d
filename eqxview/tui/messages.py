"""What widgets tell the screen they are on."""

from collections.abc import Sequence

from textual.message import Message

from eqxview.document import Document
from eqxview.tui.keys import Hint
from eqxview.tui.value_reader import ValueAnswer


class Notice(Message):
    """Something to say in one line: what a key did, or why it did nothing."""

    def __init__(self, text: str, *, is_problem: bool = False) -> None:
        super().__init__()
        self.text = text
        self.is_problem = is_problem


class CursorMoved(Message):
    """Another row is under the cursor, or the rows around it have changed."""


class Searching(Message):
    """The text being searched for has changed, or the search has ended (`None`)."""

    def __init__(self, query: str | None) -> None:
        super().__init__()
        self.query = query


class KeysChanged(Message):
    """Something else has the keys: these are worth a hint now."""

    def __init__(self, hints: Sequence[Hint]) -> None:
        super().__init__()
        self.hints = hints


class PositionChanged(Message):
    """Where the cursor is, the most wanted part last."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__()
        self.parts = parts


class DetailsWanted(Message):
    """Enter on a leaf: whoever is in charge shows its details."""


class BackWanted(Message):
    """Esc with nothing left to undo: whoever is in charge goes one step back."""


class ValuesRead(Message):
    """The values of an array, or why they could not be read."""

    def __init__(self, answer: ValueAnswer) -> None:
        super().__init__()
        self.answer = answer


class RowWanted(Message):
    """Enter on a row of a table: its path if it names one, and its cells with their columns."""

    def __init__(self, path: str, cells: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self.path = path
        self.cells = cells


class Answered(Message):
    """The document that a screen asked for, or why there is none."""

    def __init__(self, question: int, document: Document | None, problem: str, hint: str) -> None:
        super().__init__()
        self.question = question
        """The number of the question; a later one may have been asked since."""
        self.document = document
        self.problem = problem
        self.hint = hint


class GoToNode(Message):
    """Show the node with this path in the tree."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class Told(Message):
    """Something in another thread has ended; `result` says how."""

    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


class FileRead(Message):
    """Reading the file has ended, well or not."""
