"""What large trees do another way than small ones, they do with the same result."""

import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eqxview.tree import columns
from eqxview.tree.key_path import elide_middle
from eqxview.tree.live import tree_of

SHARED = [np.zeros((2, 3), np.float32), np.ones(4, np.int32)]

leaves = st.one_of(
    st.integers(),
    st.none(),
    st.sampled_from(SHARED),
    st.builds(np.zeros, st.tuples(st.integers(0, 3))),
)
pytrees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
        st.builds(frozenset, st.lists(st.integers(), max_size=3)),
    ),
    max_leaves=20,
)


@given(pytrees)
def test_totals_are_the_same_summed_row_by_row_and_with_numpy(pytree):
    tree = tree_of(pytree)
    assert [list(column) for column in tree._prefix_sums_vectorised()] == [
        list(column) for column in tree._prefix_sums()
    ]


def test_a_long_list_is_counted_once_and_not_at_each_drawing():
    tree = tree_of([list(range(columns._MANY_ROWS + 1)), 1])
    assert tree.child_count(1) == columns._MANY_ROWS + 1
    start = time.thread_time()
    for _ in range(1000):
        tree.child_count(1)
    assert time.thread_time() - start < 0.5


def test_a_path_of_fifty_thousand_steps_is_elided_at_once():
    start = time.thread_time()
    shown = elide_middle(["['inner']"] * 50_000, 80)
    assert len(shown) <= 80
    assert shown.startswith("['inner']")
    assert shown.endswith("['inner']")
    assert time.thread_time() - start < 0.1
