"""How two trees differ, as a report."""

from collections import Counter
from dataclasses import dataclass

from eqxview.document import Column, Document, Fact, Facts, Note, Part, Table, Value
from eqxview.inspect.diff.array_difference import ArrayDifference
from eqxview.inspect.diff.changes import KIND_MARKS, Change, ChangeKind
from eqxview.inspect.diff.merged_tree import merged_outline
from eqxview.inspect.diff.node_changes import node_text
from eqxview.inspect.diff.values import OVER_BUDGET
from eqxview.inspect.elided_path import elided_path
from eqxview.tree.columns import NOTHING, Tree
from eqxview.tree.wording import byte_size, counted

MAX_CHANGES = 2_000
"""Rows of the table of changes, and of the outline; the counts are of all."""

_MAX_PATH = 500
_MAX_SKIPPED = 5


@dataclass(frozen=True, slots=True)
class DiffReport:
    """The differences of two trees."""

    a: Tree
    b: Tree
    names: tuple[str, str]
    """What the two sides are called."""
    changes: tuple[Change, ...]
    """In the order of the second tree; what was removed comes last."""
    compared: int | None
    """Pairs of arrays whose values were compared; `None` where nobody asked for it."""
    arrays: int
    """Pairs of arrays of one shape."""
    skipped: tuple[tuple[int, int, str], ...]
    """Pairs whose values could not be compared (rows of both sides), and why."""
    over_budget: int
    """Those of them that were too large for the budget of bytes."""
    partner: dict[int, int]
    """Of each container of the first tree that was gone into, its row in the second."""

    @property
    def is_equal(self) -> bool:
        """Whether no difference was found; see `is_complete`."""
        return not self.changes

    @property
    def is_complete(self) -> bool:
        """Whether everything that was to be compared was compared."""
        return not self.skipped

    def count(self, kind: ChangeKind) -> int:
        """How many changes of `kind` there are."""
        return sum(change.kind == kind for change in self.changes)

    def path(self, change: Change) -> str:
        """The key path of a change: on the second side, or on the first for what was removed."""
        tree, row = (self.b, change.row_b) if change.row_b != NOTHING else (self.a, change.row_a)
        return elided_path(tree, row, _MAX_PATH) or "the root"

    def document(self) -> Document:
        """The counts, what to know, every difference in tables and in a tree."""
        parts: list[Part] = [self._facts(), self._verdict(), *self._notes()]
        if self.changes:
            shown = self.changes[:MAX_CHANGES]
            more = len(self.changes) - len(shown)
            of = f" (the first {len(shown):,} of {len(self.changes):,})" if more else ""
            parts.append(self._structure(shown, f"what differs{of}"))
            parts.append(self._numbers(shown, f"values that differ{of}"))
            parts.append(
                merged_outline(
                    self.a,
                    self.b,
                    shown,
                    self.partner,
                    f"where it differs, equal parts left out{of}",
                )
            )
        return Document("Diff", tuple(parts))

    def _facts(self) -> Facts:
        rows = []
        for name, tree in zip(self.names, (self.a, self.b), strict=True):
            totals = tree.totals()
            rows.append(
                Fact(
                    name,
                    f"{counted(totals.leaves, 'leaf')}, {counted(totals.arrays, 'array')}, "
                    f"{byte_size(totals.nbytes)}",
                )
            )
        counts = Counter(change.kind for change in self.changes)
        rows += (Fact(kind.value, counts[kind], "count") for kind in ChangeKind if counts[kind])
        if self.compared is not None:
            rows.append(Fact("arrays compared", self.compared, "count"))
        return Facts(tuple(rows))

    def _verdict(self) -> Note:
        if self.changes:
            places = len({(change.row_a, change.row_b) for change in self.changes})
            return Note(f"different in {counted(places, 'place')}", level="warning")
        if self.compared is None:
            return Note("no difference in structure, types, shapes and static values")
        if not self.is_complete:
            return Note("no difference in what could be compared", level="warning")
        return Note("equal: structure, types, shapes, static values, and the values of all arrays")

    def _notes(self) -> list[Note]:
        notes = []
        if self.compared is None:
            notes.append(Note(f"values not compared ({counted(self.arrays, 'pair')} of arrays)"))
        if self.over_budget:
            notes.append(
                Note(
                    f"values of {counted(self.over_budget, 'pair')} of arrays not compared: over "
                    "the budget of bytes",
                    level="warning",
                    hint="raise it: --max-bytes N, or eqxview.diff(a, b, max_bytes=N)",
                )
            )
        others = [skip for skip in self.skipped if skip[2] != OVER_BUDGET]
        for _, row, reason in others[:_MAX_SKIPPED]:
            path = elided_path(self.b, row, _MAX_PATH) or "the root"
            notes.append(Note(f"{path}: values not compared: {reason}", level="warning"))
        if len(others) > _MAX_SKIPPED:
            notes.append(
                Note(f"and {len(others) - _MAX_SKIPPED:,} more not compared", level="warning")
            )
        for name, tree in zip(self.names, (self.a, self.b), strict=True):
            notes += (Note(f"{name}: {note}", level="warning") for note in tree.notes.get(0, ()))
        return notes

    def _structure(self, changes: tuple[Change, ...], title: str) -> Table:
        """Everything but numbers."""
        rows = tuple(change for change in changes if change.kind != ChangeKind.VALUE)
        return Table(
            (Column("change"), Column("path", "path"), Column("before"), Column("after")),
            tuple(
                (change.kind.value, self.path(change), change.before, change.after)
                for change in rows
            ),
            title=title,
            tones=tuple(KIND_MARKS[change.kind].tone for change in rows),
        )

    def _numbers(self, changes: tuple[Change, ...], title: str) -> Table:
        """How far the values of arrays are apart."""
        pairs = [(change, change.numbers) for change in changes if change.numbers is not None]
        columns = [
            Column("path", "path"),
            Column("array"),
            Column("max |Δ|", "number"),
            Column("at"),
            Column("relative L2", "number"),
            Column("cosine", "number"),
            Column("differing", "count"),
        ]
        remarks = [_remark(change, numbers) for change, numbers in pairs]
        if any(remarks):
            columns.append(Column("remark"))
        rows: list[tuple[Value, ...]] = []
        for (change, numbers), remark in zip(pairs, remarks, strict=True):
            at = None if not numbers.at else f"[{', '.join(map(str, numbers.at))}]"
            cells = (
                self.path(change),
                node_text(self.b, change.row_b),
                numbers.max_abs,
                at,
                numbers.relative_l2,
                numbers.cosine,
                numbers.differing,
                remark or None,
            )
            rows.append(cells[: len(columns)])
        return Table(tuple(columns), tuple(rows), title=title)


def _remark(change: Change, numbers: ArrayDifference) -> str:
    remarks = [change.remark]
    if numbers.not_finite:
        remarks.append(f"{numbers.not_finite:,} not finite on one side")
    return "; ".join(filter(None, remarks))
