"""On which side of a partition each row of a tree is, as one small code."""

from eqxview.document import Mark
from eqxview.inspect.masks import Mask as Rows
from eqxview.inspect.masks import at_or_above, both, with_role, without
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Role

NOWHERE, SELECTED, REST, MIXED, HELD = range(5)
"""Codes. A container is on the side of the leaves below it; `MIXED`: they are on both. `HELD`: a
static field, which is no leaf: both halves hold it."""

SIDE_MARKS = (
    Mark(""),
    Mark("selected", "dynamic", "■"),
    Mark("rest", "static", "□"),
    Mark("mixed", "plain", "◪"),
    Mark("in both", "faint", "○"),
)
"""How each code is shown."""


def sides_of(tree: Tree, selected: Rows, rest: Rows) -> bytes:
    """Each row's code, given the leaves of either side."""
    above_selected, above_rest = at_or_above(tree, selected), at_or_above(tree, rest)
    mixed = both(above_selected, above_rest)
    # Sums of bytes that are 0 or 1, no two of them for one row: none overflows into the next.
    codes = (
        SELECTED * int.from_bytes(without(above_selected, mixed), "little")
        + REST * int.from_bytes(without(above_rest, mixed), "little")
        + MIXED * int.from_bytes(mixed, "little")
        + HELD * int.from_bytes(with_role(tree, Role.STATIC_FIELD), "little")
    )
    return codes.to_bytes(len(tree), "little")


def rows_on(sides: bytes, side: int) -> Rows:
    """The rows with one code."""
    return sides.translate(bytes(code == side for code in range(256)))
