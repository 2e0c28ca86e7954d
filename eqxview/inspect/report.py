"""What is asked of an analysis, and what it returns."""

from typing import NamedTuple, Protocol

from eqxview.document import Document
from eqxview.tree.columns import Tree


class Report(Protocol):
    """The result of an analysis: frozen, and able to describe itself."""

    def document(self) -> Document:
        """The report as a document, which every face can draw."""
        ...


class Question(NamedTuple):
    """What is asked of an analysis: a tree, and what the user said beside it."""

    tree: Tree
    filter: str = ""
    """A filter as it is typed; empty for the analysis's own default."""
