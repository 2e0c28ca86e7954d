"""The report on an error: what happened, where, which leaves, and what to write."""

from dataclasses import dataclass, replace

from eqxview.document import Column, Document, Fact, Facts, Note, Part, Table, Value
from eqxview.watching.site import Site

MAX_FINDINGS = 50
"""Rows of the table; how many more there are is said below it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that the error is about."""

    path: str
    """Where, in the user's words: `model.layers[0].weight`."""
    before: str
    """What was expected there, or what is there on the first side; empty for nothing."""
    after: str
    """What is there, or what is there on the second side."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an error is about. Holds text and numbers, no frame and no array of the program."""

    error: str
    """The name of the error's class."""
    message: str
    """The first line of what it said."""
    kind: str = ""
    """What was recognised, e.g. `tree-structure`; empty where nothing was."""
    summary: str = ""
    """What happened, in one sentence."""
    fix: str = ""
    """What to do about it; code where that is possible."""
    site: Site | None = None
    """The user's line, the innermost one."""
    code: str = ""
    """What stands on that line."""
    came_from: tuple[Site, ...] = ()
    """The user's other lines on the way to it, outermost first."""
    findings: tuple[Finding, ...] = ()
    sides: tuple[str, str] = ("", "")
    """What `before` and `after` are called in the table; an empty one has no column."""
    notes: tuple[str, ...] = ()
    """What else there is to know."""
    details: tuple[Part, ...] = ()
    """Trees and tables that show it in full."""

    @property
    def is_recognised(self) -> bool:
        """Whether more is known than what the error said itself."""
        return bool(self.kind)

    def document(self) -> Document:
        """What happened and what to do first; then the line, the places, and the trees."""
        parts: list[Part] = []
        if self.is_recognised:
            parts.append(Note(self.summary, "error", self.fix))
        else:
            parts.append(
                Note("we do not know this error: this is what it says, and where", "warning")
            )
        parts.append(Facts(self._facts()))
        if self.findings:
            parts.append(self._table())
        more = len(self.findings) - MAX_FINDINGS
        if more > 0:
            parts.append(Note(f"and {more:,} more places"))
        parts += map(Note, self.notes)
        return Document("Why it failed", (*parts, *self.details))

    def brief(self) -> Document:
        """The same without the trees: for below a traceback."""
        return replace(self, details=()).document()

    def _facts(self) -> tuple[Fact, ...]:
        rows = [Fact(self.error, self.message)]
        if self.site is not None:
            rows.append(Fact("at", str(self.site)))
            rows.append(Fact("code", self.code, "code"))
        if self.came_from:
            rows.append(Fact("called from", ", ".join(map(str, self.came_from[-3:]))))
        return tuple(rows)

    def _table(self) -> Table:
        columns = [Column("where", "path")]
        columns += (Column(side) for side in self.sides if side)
        rows: list[tuple[Value, ...]] = []
        for found in self.findings[:MAX_FINDINGS]:
            cells = (found.before, found.after)
            shown = (cell for cell, side in zip(cells, self.sides, strict=True) if side)
            rows.append((found.path, *shown))
        return Table(tuple(columns), tuple(rows))
