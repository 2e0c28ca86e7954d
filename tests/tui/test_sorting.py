"""Sorting against the obvious way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eqxview.tree.live import tree_of
from eqxview.tui.arrangement import by_size
from eqxview.tui.folding import Folding

arrays = st.builds(np.zeros, st.integers(0, 5))
pytrees = st.recursive(
    arrays | st.integers(), lambda inner: st.lists(inner, max_size=4), max_leaves=15
)


def plainly_sorted(tree, row=0):
    """Rows in the sorted order, by recursion."""
    size = {r: max(tree.totals(r).nbytes, tree.nbytes[r]) for r in range(len(tree))}
    rows = [row]
    for child in sorted(tree.children(row), key=lambda child: -size[child]):
        rows += plainly_sorted(tree, child)
    return rows


@given(pytrees)
@settings(deadline=None)
def test_siblings_are_sorted_by_the_size_of_their_subtrees(pytree):
    tree = tree_of(pytree)
    ours = by_size(tree)
    assert list(ours.rows) == plainly_sorted(tree)
    for place, row in enumerate(ours.rows):
        assert ours.places[row] == place
        assert ours.depth[place] == tree.depth[row]
        assert ours.end[place] - place == tree.end[row] - row
        above = tree.parent[row]
        assert ours.parent[place] == (ours.places[above] if above >= 0 else -1)


@given(pytrees, st.data())
@settings(deadline=None)
def test_what_is_open_stays_open_in_another_order(pytree, data):
    tree = tree_of(pytree)
    folding = Folding(tree)
    for row in data.draw(st.lists(st.integers(0, len(tree) - 1))):
        folding.reveal(row)
    ours = by_size(tree)
    sorted_folding = folding.rearranged(ours, ours.rows)
    assert {ours.rows[place] for place in sorted_folding.visible} == set(folding.visible)
    back = sorted_folding.rearranged(tree, ours.places)
    assert back.visible == folding.visible
