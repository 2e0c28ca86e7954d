"""The tree itself as a report: what is shown when no question is asked."""

from typing import NamedTuple

from eqxview.document import Document, Outline
from eqxview.inspect.report import Question
from eqxview.tree.columns import Tree


class TreeView(NamedTuple):
    """A tree and nothing else."""

    tree: Tree

    def document(self) -> Document:
        """One outline."""
        return Document("Tree", (Outline(self.tree),))


def answer(question: Question) -> TreeView:
    """The tree that the question is about."""
    return TreeView(question.tree)
