"""Trees as bare shapes, quickly made at any size."""

from array import array
from types import SimpleNamespace

from eqxview.tree.columns import ArrayFacts, TreeBuilder, _subtree_ends
from eqxview.tree.kinds import Kind, Role


def nesting(depths):
    """The columns that folding needs, from the depth of each row in pre-order."""
    depth = array("i", depths)
    parent, above = array("i"), []
    for row, level in enumerate(depths):
        del above[level:]
        parent.append(above[-1] if above else -1)
        above.append(row)
    return SimpleNamespace(parent=parent, depth=depth, end=_subtree_ends(depth))


def wide_tree(leaves, *, blocks=1000):
    """A model of `blocks` lists of arrays, `leaves` arrays in all."""
    builder = TreeBuilder()
    facts = ArrayFacts("float32", (16, 16), 1024)
    root = _node(builder, "", -1, 0, Kind.LIST, "list")
    for block in range(blocks):
        row = _node(builder, block, root, 1, Kind.LIST, "list")
        for leaf in range(leaves // blocks):
            _array(builder, leaf, row, 2, facts)
    return builder.finish()


def deep_tree(depth):
    """Dicts in dicts, with an array at every level."""
    builder = TreeBuilder()
    facts = ArrayFacts("float32", (4,), 16)
    row = -1
    for level in range(depth):
        row = _node(builder, "['inner']", row, level, Kind.DICT, "dict")
    _array(builder, "['bottom']", row, depth, facts)
    return builder.finish()


def _node(builder, entry, parent, depth, kind, name):
    return builder.add(
        entry, parent, depth, kind=kind, role=Role.NODE, type_name=(name, f"builtins.{name}")
    )


def _array(builder, entry, parent, depth, facts):
    return builder.add(
        entry,
        parent,
        depth,
        kind=Kind.ARRAY,
        role=Role.DYNAMIC,
        type_name=("ndarray", "numpy.ndarray"),
        array=facts,
    )
