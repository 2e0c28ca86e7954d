"""A node's key path in few characters, at once however deep it is."""

from eqxview.tree.columns import Tree
from eqxview.tree.key_path import elide_middle


def elided_path(tree: Tree, row: int, width: int) -> str:
    """The key path of `row` in at most `width` characters, whole steps left out of its middle.

    Takes a moment even fifty thousand levels down: steps that are left out are not written.
    """
    above: list[int] = []
    parent = tree.parent
    while row > 0:
        above.append(row)
        row = parent[row]
    above.reverse()
    if len(above) > 2 * width:
        above[width:-width] = above[width : width + 1]
    return elide_middle([tree.entry(step) for step in above], width) if above else ""
