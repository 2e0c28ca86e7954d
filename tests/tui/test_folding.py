"""Folding against the obvious way, over random trees and random folds."""

import pytest
from folding_oracle import PlainFolding
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import deep_tree, nesting, wide_tree

from eqxview.tui import folding
from eqxview.tui.folding import Folding

OPERATIONS = (
    "open",
    "close",
    "toggle",
    "open_all",
    "close_all",
    "open_level",
    "close_level",
    "reveal",
)


@st.composite
def shapes(draw):
    """Depths in pre-order: each row at most one deeper than the row before it."""
    steps = draw(st.lists(st.integers(0, 5), max_size=25))
    depths = [0]
    for step in steps:
        depths.append(1 + (step % (depths[-1] + 1)))
    return nesting(depths)


folds = st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 25)), max_size=25)


@pytest.mark.parametrize("walked", [folding.WALKED_ROWS, 0], ids=["walked", "vectorised"])
def test_any_folds_show_what_the_obvious_way_shows(walked, monkeypatch):
    monkeypatch.setattr(folding, "WALKED_ROWS", walked)

    @settings(max_examples=300, deadline=None)
    @given(shapes(), folds)
    def law(tree, operations):
        ours, plain = Folding(tree), PlainFolding(tree)
        for name, number in operations:
            row = number % len(tree.parent)
            if name != "reveal" and not plain.is_visible(row):
                # A hidden node can be folded only by what acts on all of them.
                continue
            getattr(ours, name)(row)
            getattr(plain, name)(row)
            assert list(ours.visible) == plain.visible
            for each in range(len(tree.parent)):
                assert ours.is_visible(each) == plain.is_visible(each)
                nearest = max(r for r in (each, *plain.above(each)) if plain.is_visible(r))
                assert ours.visible[ours.position(each)] == nearest

    law()


@given(shapes(), st.integers(1, 30))
def test_a_tree_starts_with_as_many_whole_levels_as_fit(tree, rows):
    ours = Folding(tree)
    ours.open_to_fit(rows)
    levels = [sum(d <= level for d in tree.depth) for level in range(max(tree.depth) + 1)]
    fitting = [count for level, count in enumerate(levels) if count <= rows or level <= 1]
    assert len(ours.visible) == max(fitting)


def test_a_node_remembers_what_was_open_below_it():
    ours = Folding(nesting([0, 1, 2, 1]))
    ours.open_all()
    ours.close(0)
    assert list(ours.visible) == [0]
    ours.open(0)
    assert list(ours.visible) == [0, 1, 2, 3]


def test_an_empty_tree_shows_nothing():
    ours = Folding(nesting([]))
    ours.open_to_fit(10)
    assert not ours.visible


def test_a_million_rows_fold_and_unfold_at_once(stopwatch):
    tree = wide_tree(200_000, blocks=200)
    ours = Folding(tree)
    ours.open_to_fit(100)
    import numpy  # noqa: F401  imported in the background by the app

    with stopwatch(0.25):
        ours.open_all()
    assert len(ours.visible) == len(tree)
    with stopwatch(0.05):
        ours.close(1)
    assert len(ours.visible) == len(tree) - 1000
    with stopwatch(0.25):
        ours.close_level(0)
    assert len(ours.visible) == 201


def test_a_node_fifty_thousand_levels_down_is_revealed_at_once(stopwatch):
    tree = deep_tree(50_000)
    ours = Folding(tree)
    with stopwatch(0.5):
        ours.reveal(len(tree) - 1)
    assert len(ours.visible) == len(tree)
