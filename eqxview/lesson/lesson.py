"""What a lesson is: steps, each with words, the code that was run, and what it showed."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from eqxview.errors import UsageError

if TYPE_CHECKING:
    from eqxview.document import Document


class Step(NamedTuple):
    """One step of a lesson."""

    title: str
    words: str
    """What to see, and why; paragraphs, apart by empty lines."""
    code: str
    """The lines that a reader could type; they are what was run."""
    shown: "Document | None" = None
    """What an analysis says of the result."""


class Lesson(NamedTuple):
    """A lesson by its name."""

    name: str
    summary: str
    module: str
    """The module whose `steps()` runs the lesson, step by step."""

    def steps(self) -> Iterator[Step]:
        """The steps. Each is computed when it is asked for."""
        return import_module(self.module).steps()


LESSONS: list[Lesson] = [
    Lesson(
        "filtering",
        "what a filter does: the tree, its halves, jit, gradients, and a recompile",
        "eqxview.lesson.filtering",
    ),
]


def find_lesson(name: str) -> Lesson:
    """The lesson called `name`; raises `UsageError`, with the names, if there is none."""
    for lesson in LESSONS:
        if lesson.name == name:
            return lesson
    names = ", ".join(lesson.name for lesson in LESSONS)
    raise UsageError(f"there is no lesson {name!r}", hint=f"the lessons are: {names}")
