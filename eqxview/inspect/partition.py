"""A pytree in two halves, as `eqx.partition` makes them: which leaf is where, and why."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eqxview.document import (
    Column,
    Document,
    Fact,
    Facts,
    Mark,
    MarkColumn,
    Note,
    Outline,
    Part,
    Table,
)
from eqxview.inspect.filter_spec import python_spec
from eqxview.inspect.filters.expression import Python
from eqxview.inspect.masks import Mask, labelled, leaf_rows, without
from eqxview.inspect.node_detail import elided_path
from eqxview.inspect.sides import SIDE_MARKS, sides_of
from eqxview.inspect.tallies import Tally, crossed, tally
from eqxview.tree.columns import Tree

_MAX_DECISIONS = 40
_MAX_TORN = 5
_MAX_PATH = 100
_HALVES = ("selected", "rest")


class Decision(NamedTuple):
    """What one part of the spec decided for one side."""

    by: str
    """The part of the spec: `is_array`, `dtype=f32`, `spec.layers[0] = True`."""
    side: str
    """`selected` or `rest`."""
    sums: Tally


@dataclass(frozen=True, slots=True)
class Partition:
    """The two halves of a pytree."""

    tree: Tree
    spec: str
    """The filter or the filter spec, as text."""
    is_default: bool
    """Whether nobody asked for this spec."""
    sides: bytes
    """For each row the code of its side, as in `sides.py`."""
    selected: Tally
    """Sums over the leaves that the spec accepts; a shared array counts once in each half."""
    rest: Tally
    """Sums over all other leaves."""
    decisions: tuple[Decision, ...]
    """What each part of the spec decided, the most bytes first."""
    deciders: tuple[str, ...]
    """The parts of the spec that decided something."""
    decided_by: array
    """For each leaf the index of its decider, `-1` for what is no leaf."""
    torn: tuple[tuple[str, str], ...]
    """For each shared array with places on both sides, a path selected and a path of the rest."""
    python: str
    """The filter spec in Python, to paste; empty where it does not fit in a line."""

    def document(self) -> Document:
        """Both sides' sums, who decided, and the tree in two colours."""
        asked = f"{self.spec} (what filter_jit does)" if self.is_default else self.spec
        facts = [Fact("filter", asked, "code")]
        if self.python:
            facts.append(Fact("python", self.python, "code"))
        parts: list[Part] = [Facts(tuple(facts)), _halves_table(self.selected, self.rest)]
        columns = [MarkColumn("side", SIDE_MARKS, self.sides)]
        if len(self.deciders) > 1:
            parts.append(_decisions_table(self.decisions))
            # The last mark is that of rows with `-1`.
            marks = (*map(Mark, self.deciders), Mark(""))
            columns.append(MarkColumn("by", marks, self.decided_by))
        parts += self._notes()
        parts.append(Outline(self.tree, tuple(columns)))
        return Document("Partition", tuple(parts))

    def _notes(self) -> list[Note]:
        notes = []
        if not self.selected.leaves:
            notes.append(Note("no leaf is selected", level="warning"))
        for here, there in self.torn[:_MAX_TORN]:
            notes.append(
                Note(
                    f"one shared array, two halves: {here} is selected, {there} is not",
                    level="warning",
                    hint="select all of its places or none: changed at one, it is shared no more",
                )
            )
        if len(self.torn) > _MAX_TORN:
            notes.append(Note(f"and {len(self.torn) - _MAX_TORN:,} more", level="warning"))
        return notes


def partition_of(
    tree: Tree,
    selected: Mask,
    *,
    spec: str,
    deciders: Sequence[str],
    decided_by: array,
    is_default: bool = False,
    python: str | None = None,
    code: Python | None = None,
) -> Partition:
    """The halves, given the leaves that are selected and who decided about each leaf.

    `python` is the spec in Python where it is known already; `code` is an expression of `leaf`
    and `path` that says the same.
    """
    rest = without(leaf_rows(tree), selected)
    halves = labelled(len(tree), [selected, rest])
    decisions = _decisions(tree, deciders, decided_by, halves)
    of_selected, of_rest = _sums(tree, halves, decisions)
    sides = sides_of(tree, selected, rest)
    return Partition(
        tree=tree,
        spec=spec,
        is_default=is_default,
        sides=sides,
        selected=of_selected,
        rest=of_rest,
        decisions=decisions,
        deciders=tuple(deciders),
        decided_by=decided_by,
        torn=_torn(tree, halves),
        python=python_spec(tree, sides, code) if python is None else python,
    )


def _decisions(
    tree: Tree, deciders: Sequence[str], decided_by: array, halves: array
) -> tuple[Decision, ...]:
    sums = tally(tree, crossed(decided_by, halves, 2), 2 * len(deciders))
    decisions = [
        Decision(deciders[number // 2], _HALVES[number % 2], one)
        for number, one in enumerate(sums)
        if one.leaves
    ]
    return tuple(sorted(decisions, key=lambda one: (-one.sums.nbytes, -one.sums.leaves)))


def _sums(tree: Tree, halves: array, decisions: tuple[Decision, ...]) -> list[Tally]:
    if tree.ties:
        # An array may count for two deciders of one half, and yet counts once in the half.
        return tally(tree, halves, 2)
    return [
        Tally(*map(sum, zip(*(one.sums for one in decisions if one.side == half), strict=True)))
        for half in _HALVES
    ]


def _torn(tree: Tree, halves: array) -> tuple[tuple[str, str], ...]:
    places: dict[int, dict[int, int]] = {}
    for row, tie in tree.ties.items():
        if halves[row] >= 0:
            places.setdefault(tie, {}).setdefault(halves[row], row)
    return tuple(
        (elided_path(tree, found[0], _MAX_PATH), elided_path(tree, found[1], _MAX_PATH))
        for found in places.values()
        if len(found) == 2
    )


def _halves_table(selected: Tally, rest: Tally) -> Table:
    whole = selected.nbytes + rest.nbytes
    return Table(
        (
            Column("half"),
            Column("leaves", "count"),
            Column("arrays", "count"),
            Column("elements", "count"),
            Column("bytes", "bytes"),
            Column("share", "ratio"),
        ),
        tuple(
            (
                name,
                half.leaves,
                half.arrays,
                half.parameters,
                half.nbytes,
                half.nbytes / whole if whole else None,
            )
            for name, half in zip(_HALVES, (selected, rest), strict=True)
        ),
        tones=("dynamic", "static"),
    )


def _decisions_table(decisions: tuple[Decision, ...]) -> Table:
    shown = decisions[:_MAX_DECISIONS]
    return Table(
        (
            Column("decided by", "code"),
            Column("half"),
            Column("leaves", "count"),
            Column("elements", "count"),
            Column("bytes", "bytes"),
        ),
        tuple(
            (one.by, one.side, one.sums.leaves, one.sums.parameters, one.sums.nbytes)
            for one in shown
        ),
        title=""
        if len(shown) == len(decisions)
        else f"the largest {len(shown)} of {len(decisions):,} decisions",
        tones=tuple("dynamic" if one.side == "selected" else "static" for one in shown),
    )
