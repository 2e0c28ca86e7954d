"""What is asked of an analysis, and what it returns."""

from dataclasses import dataclass
from typing import Protocol

from eqxview.document import Document
from eqxview.tree.columns import Tree


class Report(Protocol):
    """The result of an analysis: frozen, and able to describe itself."""

    def document(self) -> Document:
        """The report as a document, which every face can draw."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an analysis: a tree, and what the user said beside it."""

    tree: Tree
    filter: str = ""
    """A filter as it is typed; empty for the analysis's own default."""
