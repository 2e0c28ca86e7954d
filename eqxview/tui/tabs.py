"""The tabs of a subject: one for each analysis, and what is asked behind it."""

from collections.abc import Callable
from typing import NamedTuple

from eqxview.inspect.analyses import ANALYSES, Analysis
from eqxview.inspect.report import Question, Report
from eqxview.tui.subject import Subject


class Tab(NamedTuple):
    """One screen: what it is called, and what it says."""

    name: str
    title: str
    takes_filter: bool
    ask: Callable[[Subject, str], Report]
    """The report on a subject, given a filter."""


def tabs_of(subject: Subject) -> list[Tab]:
    """The tabs for a subject, in their order."""
    tabs: list[Tab] = []
    if subject.report is not None:
        name, report = subject.report
        tabs.append(Tab(name, name.capitalize(), False, lambda _subject, _filter: report))
    if subject.trees:
        tabs += (_tab_of(analysis) for analysis in ANALYSES)
    if subject.trees and subject.other is not None:
        tabs.append(Tab("diff", "Diff", False, _difference))
    return tabs


def _difference(subject: Subject, _filter: str) -> Report:
    if subject.compare is not None:
        return subject.compare(subject.other_tree, subject.tree, subject.names)
    from eqxview.inspect.diff import compare

    return compare(subject.other_tree, subject.tree, names=subject.names)


def _tab_of(analysis: Analysis) -> Tab:
    def ask(subject: Subject, filter: str) -> Report:
        return analysis.answer(Question(subject.tree, filter=filter))

    return Tab(analysis.name, analysis.title, analysis.takes_filter, ask)
