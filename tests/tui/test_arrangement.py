"""Other orders and picked rows, against the obvious way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eqxview.tree.live import tree_of
from eqxview.tui.arrangement import by_size, only
from eqxview.tui.folding import Folding
from eqxview.tui.tree_state import TreeState

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


@given(pytrees, st.data())
@settings(deadline=None)
def test_picked_rows_hang_together_as_in_the_tree_in_either_order(pytree, data):
    tree = tree_of(pytree)
    rows = {0}
    for row in data.draw(st.lists(st.integers(0, len(tree) - 1))):
        while row >= 0:
            rows.add(row)
            row = tree.parent[row]
    picked = only(tree, sorted(rows))
    assert list(picked.rows) == sorted(rows)
    ordered = by_size(tree, picked)
    assert list(ordered.rows) == [row for row in plainly_sorted(tree) if row in rows]
    for arranged in (picked, ordered):
        for place, row in enumerate(arranged.rows):
            below = {other for other in rows if row < other < tree.end[row]}
            assert set(arranged.rows[place + 1 : arranged.end[place]]) == below
            assert arranged.depth[place] == tree.depth[row]
            above = tree.parent[row]
            assert arranged.parent[place] == (arranged.places[above] if above >= 0 else -1)
        assert [arranged.places[row] >= 0 for row in range(len(tree))] == [
            row in rows for row in range(len(tree))
        ]


@given(pytrees, st.data())
@settings(deadline=None, max_examples=50)
def test_a_state_of_picked_rows_stays_with_its_row_when_it_is_sorted_and_searched(pytree, data):
    tree = tree_of([pytree])
    rows = sorted({0, 1, *tree.children(1)})
    state = TreeState(tree, rows=rows)
    row = data.draw(st.sampled_from(rows))
    state.cursor = state.place(row)
    for is_sorted in (True, False):
        assert state.toggle_sorted() == is_sorted
        assert state.current_row == row
        found = state.find("[")
        assert len(found) == sum(tree.label(other).find("[") >= 0 for other in rows)
    # A row that is not shown is where the nearest shown node above it is.
    hidden = [other for other in range(len(tree)) if other not in rows]
    for other in hidden:
        while other not in rows:
            above = tree.parent[other]
            assert state.row(state.place(other)) == state.row(state.place(above))
            other = above
