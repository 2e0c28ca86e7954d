"""`eqxview.show(x)`: any analysis of a live object or a file, where one types."""

import os

from eqxview.errors import UsageError
from eqxview.inspect.analyses import ANALYSES, find_analysis
from eqxview.inspect.report import Question
from eqxview.notebook.display import Display, told_plainly
from eqxview.readers.open import open_file
from eqxview.readers.opened import OpenedFile
from eqxview.render.page import Page
from eqxview.tree.columns import Tree
from eqxview.tree.live import tree_of


@told_plainly
def show(x: object, *, view: str = ANALYSES[0].name, filter: str = "") -> Display:
    """What the analysis `view` says of `x`; shows itself in a notebook and at a prompt.

    `x` is a pytree; or a tree; or a file: opened, or its path (`str` or `Path`), then read
    without running anything of it. `filter` is for a view that takes one.

    Raises `UsageError` for a view that is not there and for a filter where none is taken,
    `UnreadableFile` for a file of which nothing can be read.
    """
    analysis = find_analysis(view)
    if filter and not analysis.takes_filter:
        names = [known.name for known in ANALYSES if known.takes_filter]
        raise UsageError(
            f"a filter means nothing to the view {analysis.name!r}",
            hint=f"views that take a filter: {', '.join(names) or 'none'}",
        )
    opened = _opened(x)
    trees = (x if isinstance(x, Tree) else tree_of(x),) if opened is None else opened.trees
    if opened is not None and opened.error is not None and not trees:
        raise opened.error
    reports = [analysis.answer(Question(tree, filter=filter)) for tree in trees]
    documents = tuple(report.document() for report in reports)
    return Display(
        Page(analysis.name, documents, tuple(trees), opened),
        report=reports[0] if len(reports) == 1 else None,
    )


def _opened(x: object) -> OpenedFile | None:
    if isinstance(x, OpenedFile):
        return x
    return open_file(os.fspath(x)) if isinstance(x, str | os.PathLike) else None
