"""The table of analyses. A line here, and an analysis is in every face."""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from eqxview.errors import UsageError

if TYPE_CHECKING:
    from eqxview.inspect.report import Question, Report


class Analysis(NamedTuple):
    """An analysis of one tree, as every face offers it."""

    name: str
    """What `--view` and `view=` call it."""
    title: str
    """The name of its tab."""
    summary: str
    """What it answers, in one line."""
    module: str
    """The module whose `answer(question)` gives the report; imported when it is asked."""
    takes_filter: bool = False
    """Whether a filter changes the answer; a face then offers a line to type one."""

    def answer(self, question: "Question") -> "Report":
        """The report."""
        return import_module(self.module).answer(question)


# In the order of the tabs. The first is what is shown when nobody asks for another.
ANALYSES: list[Analysis] = [
    Analysis("tree", "Tree", "every node: its role, type and size", "eqxview.inspect.tree_view"),
    Analysis(
        "roles",
        "Roles",
        "why each node is traced, static or neither; sums by role, dtype and subtree",
        "eqxview.inspect.roles",
    ),
    Analysis(
        "partition",
        "Partition",
        "the two halves that a filter makes, and what decided about each leaf",
        "eqxview.inspect.partition_by_filter",
        takes_filter=True,
    ),
    Analysis(
        "placement",
        "Devices",
        "where each array lives: device, commitment, shards, what is held twice",
        "eqxview.inspect.placement",
    ),
]


def find_analysis(name: str) -> Analysis:
    """The analysis called `name`; raises `UsageError`, with the names, if there is none."""
    for analysis in ANALYSES:
        if analysis.name == name:
            return analysis
    names = ", ".join(analysis.name for analysis in ANALYSES)
    raise UsageError(f"there is no view {name!r}", hint=f"the views are: {names}")
