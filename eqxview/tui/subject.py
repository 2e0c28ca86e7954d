"""What the app is about: the trees of a file, perhaps another file to compare with, or a log."""

from collections.abc import Callable
from dataclasses import dataclass
from os.path import basename

from eqxview.errors import UnreadableFile
from eqxview.inspect.report import Report
from eqxview.readers.opened import OpenedFile
from eqxview.tree.columns import Tree
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import counted


@dataclass(slots=True)
class Subject:
    """What is looked at, and which object of it."""

    opened: OpenedFile
    """The file. One that holds no trees, such as a log, has a `report`."""
    other: OpenedFile | None = None
    """What the file is compared with."""
    report: "tuple[str, Report] | None" = None
    """For a file that is no tree: the name of the tab, and what it says."""
    compare: "Callable[[Tree, Tree, tuple[str, str]], Report] | None" = None
    """How to compare two trees of these names; `None` for the usual way."""
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
    def other_tree(self) -> Tree:
        """The tree to compare with: the one of the same number in the other file.

        Raises `UnreadableFile` where there is none.
        """
        others = () if self.other is None else self.other.trees
        if self.number < len(others):
            return others[self.number]
        if self.other is not None and self.other.error is not None and not others:
            raise self.other.error
        path = "" if self.other is None else self.other.path
        raise UnreadableFile(
            f"{path} holds {counted(len(others), 'object')}: there is none to compare with this"
        )

    @property
    def names(self) -> tuple[str, str]:
        """What the other file and this one are called, told apart."""
        paths = ("" if self.other is None else self.other.path, self.opened.path)
        short = (basename(paths[0]), basename(paths[1]))
        first, second = short if short[0] != short[1] else paths
        return sanitise(first), sanitise(second)

    @property
    def objects(self) -> str:
        """Which object of several is shown; empty if there is one."""
        count = len(self.opened.trees)
        return f"object {self.number + 1} of {count}" if count > 1 else ""

    def step(self, objects: int) -> None:
        """Go so many objects on, round from the last to the first."""
        self.number = (self.number + objects) % len(self.opened.trees)
