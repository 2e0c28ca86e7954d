"""What the app is about: the trees of a file, perhaps another file to compare with, or a log."""

from collections.abc import Callable
from dataclasses import dataclass

from eqxview.inspect.report import Report
from eqxview.readers.opened import OpenedFile
from eqxview.tree.columns import Tree


@dataclass(slots=True)
class Subject:
    """What is looked at, and which object of it."""

    opened: OpenedFile
    """The file. One that holds no trees, such as a log, has a `report`."""
    other: OpenedFile | None = None
    """What the file is compared with."""
    report: "tuple[str, Report] | None" = None
    """For a file that is no tree: the name of the tab, and what it says."""
    open_another: Callable[[str], OpenedFile] | None = None
    """Opens a file to compare with; `None` where there is no such way."""
    number: int = 0
    """Which object of the file is shown, from 0."""

    @property
    def trees(self) -> tuple[Tree, ...]:
        """The trees in the file."""
        return self.opened.trees

    @property
    def tree(self) -> Tree:
        """The tree that is shown."""
        return self.opened.trees[self.number]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.opened.trees and self.report is None

    @property
    def objects(self) -> str:
        """Which object of several is shown; empty if there is one."""
        count = len(self.opened.trees)
        return f"object {self.number + 1} of {count}" if count > 1 else ""

    def step(self, objects: int) -> None:
        """Go so many objects on, round from the last to the first."""
        self.number = (self.number + objects) % len(self.opened.trees)
