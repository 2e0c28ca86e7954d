"""What a renderer draws: the documents of one view, the trees they speak of, and their file."""

from collections.abc import Sequence
from typing import NamedTuple

from eqxview.document import Document
from eqxview.inspect.analyses import Analysis
from eqxview.inspect.report import Question
from eqxview.readers.opened import OpenedFile
from eqxview.tree.columns import Tree


class Page(NamedTuple):
    """One view of one or more trees."""

    view: str
    """Name of the analysis, e.g. `partition`; empty for a document that stands alone."""
    documents: tuple[Document, ...]
    """One for each tree; or, without trees, what there is to say."""
    trees: tuple[Tree, ...] = ()
    file: OpenedFile | None = None
    """The file that the trees come from; `None` for live objects."""


def page_of(
    analysis: Analysis,
    trees: Sequence[Tree],
    *,
    filter: str = "",
    file: OpenedFile | None = None,
) -> Page:
    """The page on which `analysis` answers for each of `trees`."""
    documents = tuple(analysis.answer(Question(tree, filter=filter)).document() for tree in trees)
    return Page(analysis.name, documents, tuple(trees), file)
