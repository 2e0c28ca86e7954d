"""On which side of a partition each row of a tree is, as one small code."""

from eqxview.document import Mark
from eqxview.inspect.masks import Mask as Rows
from eqxview.inspect.masks import at_or_above, either, with_role
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Role

NOWHERE, SELECTED, REST, MIXED, HELD = 0, 1, 2, 1 | 2, 4
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
    codes = either(at_or_above(tree, selected), _coded(at_or_above(tree, rest), REST))
    return either(codes, _coded(with_role(tree, Role.STATIC_FIELD), HELD))


def _coded(rows: Rows, code: int) -> bytes:
    return rows.translate(bytes((0, code, *bytes(254))))


def rows_on(sides: bytes, side: int) -> Rows:
    """The rows with one code."""
    return sides.translate(bytes(code == side for code in range(256)))
