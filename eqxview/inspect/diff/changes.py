"""What can differ between two trees, and the marks that say so."""

from dataclasses import dataclass
from enum import Enum

from eqxview.document import Mark
from eqxview.inspect.diff.array_difference import ArrayDifference


class ChangeKind(Enum):
    """How one node differs. In the order in which they weigh."""

    REMOVED = "removed"
    ADDED = "added"
    MOVED = "moved"
    TYPE = "type"
    ROLE = "role"
    SHAPE = "shape"
    DTYPE = "dtype"
    STATIC = "static"
    TIE = "tie"
    VALUE = "value"


KIND_MARKS: dict[ChangeKind, Mark] = {
    ChangeKind.REMOVED: Mark("removed", "error", "-"),
    ChangeKind.ADDED: Mark("added", "good", "+"),
    ChangeKind.MOVED: Mark("moved", "dynamic", "→"),
    ChangeKind.TYPE: Mark("type", "warning", "≠"),
    ChangeKind.ROLE: Mark("role", "warning", "≠"),
    ChangeKind.SHAPE: Mark("shape", "warning", "≠"),
    ChangeKind.DTYPE: Mark("dtype", "warning", "≠"),
    ChangeKind.STATIC: Mark("static", "static", "≠"),
    ChangeKind.TIE: Mark("tie", "warning", "~"),
    ChangeKind.VALUE: Mark("value", "warning", "≈"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: at a node, or of a whole subtree that is on one side only."""

    kind: ChangeKind
    before: str
    """What is there on the first side: a type, a value, a path; empty for nothing."""
    after: str
    """The same on the second side."""
    row_a: int = -1
    """The row on the first side, `-1` for none."""
    row_b: int = -1
    """The row on the second side, `-1` for none."""
    numbers: ArrayDifference | None = None
    """How far the values are apart, for arrays of one shape."""
    remark: str = ""
    """What else there is to say, e.g. where the values of before are now."""

    @property
    def closeness(self) -> str:
        """How far the values are apart in a few words: `max |Δ| 0.0012`; empty for no values."""
        numbers = self.numbers
        if numbers is None:
            return ""
        if numbers.max_abs is None:
            return f"{numbers.differing:,} of {numbers.elements:,} elements"
        return f"max |Δ| {numbers.max_abs:.3g}"
