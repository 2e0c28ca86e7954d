"""Terms under `and`, `or` and `not`: which rows they take, which of them decided, and Python.

Each node keeps the text it was written as. `rows` are all rows of the tree for which the
expression holds, leaves or not; who asks takes the leaves among them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from eqxview.inspect.masks import Mask, both, either, inverse, size, without
from eqxview.tree.columns import Tree


class Python(str):
    """A Python expression of `leaf` and `path` (as `keystr` prints it), exactly `True` or `False`.

    A class of its own so that no text is taken for code by mistake.
    """

    __slots__ = ()

    @property
    def needs_path(self) -> bool:
        """Whether the leaf alone does not tell."""
        return _PATH in self


_PATH = "jax.tree_util.keystr(path"


class Answers:
    """The rows of one tree for each term that was asked about it, found once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, Mask] = {}

    def of(self, term: "Term") -> Mask:
        """The rows for which the term holds. Terms of one text are one term."""
        rows = self._known.get(term.text)
        if rows is None:
            rows = self._known[term.text] = term.find(self._tree)
        return rows


class Expression(Protocol):
    """What a filter is made of."""

    @property
    def text(self) -> str:
        """As it was written."""
        ...

    def rows(self, answers: Answers) -> Mask:
        """The rows for which it holds."""
        ...

    def deciders(self, answers: Answers, among: Mask) -> Iterator[tuple[str, Mask]]:
        """The rows of `among`, each once, with the text of the part that decided about them."""
        ...

    def python(self) -> Python | None:
        """The same in Python; `None` where Python cannot tell it from a leaf and its path."""
        ...


@dataclass(frozen=True, slots=True)
class Term:
    """One predicate, path or clause."""

    text: str
    find: Callable[[Tree], Mask]
    code: Python | None = None

    def rows(self, answers: Answers) -> Mask:
        """The rows for which it holds."""
        return answers.of(self)

    def deciders(self, answers: Answers, among: Mask) -> Iterator[tuple[str, Mask]]:
        """The term itself decides."""
        yield self.text, among

    def python(self) -> Python | None:
        """The code that the term was given."""
        return self.code


@dataclass(frozen=True, slots=True)
class Not:
    """What its part rejects."""

    text: str
    part: Expression

    def rows(self, answers: Answers) -> Mask:
        """The rows for which the part does not hold."""
        return inverse(self.part.rows(answers))

    def deciders(self, answers: Answers, among: Mask) -> Iterator[tuple[str, Mask]]:
        """Its part decides, by what it says itself."""
        return self.part.deciders(answers, among)

    def python(self) -> Python | None:
        """`not (...)`."""
        code = self.part.python()
        return None if code is None else Python(f"not {_bracketed(code)}")


@dataclass(frozen=True, slots=True)
class AllOf:
    """What all its parts accept. The first part to reject a row has decided about it."""

    text: str
    parts: tuple[Expression, ...]

    def rows(self, answers: Answers) -> Mask:
        """The rows for which every part holds."""
        return reduce(both, (part.rows(answers) for part in self.parts))

    def deciders(self, answers: Answers, among: Mask) -> Iterator[tuple[str, Mask]]:
        """For a row that is rejected, the first part that does; for others all of them."""
        rest = among
        for part in self.parts:
            holds = part.rows(answers)
            decided = without(rest, holds)
            if size(decided):
                yield from part.deciders(answers, decided)
            rest = both(rest, holds)
        yield self.text, rest

    def python(self) -> Python | None:
        """`... and ...`."""
        return _joined(self.parts, " and ")


@dataclass(frozen=True, slots=True)
class AnyOf:
    """What one of its parts accepts. The first part to accept a row has decided about it."""

    text: str
    parts: tuple[Expression, ...]

    def rows(self, answers: Answers) -> Mask:
        """The rows for which some part holds."""
        return reduce(either, (part.rows(answers) for part in self.parts))

    def deciders(self, answers: Answers, among: Mask) -> Iterator[tuple[str, Mask]]:
        """For a row that is accepted, the first part that does; for others all of them."""
        rest = among
        for part in self.parts:
            holds = part.rows(answers)
            decided = both(rest, holds)
            if size(decided):
                yield from part.deciders(answers, decided)
            rest = without(rest, holds)
        yield self.text, rest

    def python(self) -> Python | None:
        """`... or ...`."""
        return _joined(self.parts, " or ")


def _joined(parts: tuple[Expression, ...], operator: str) -> Python | None:
    codes = [part.python() for part in parts]
    if any(code is None for code in codes):
        return None
    return Python(operator.join(_bracketed(code) for code in codes if code is not None))


def _bracketed(code: Python) -> str:
    return f"({code})" if any(f" {word} " in code for word in ("and", "or")) else code
