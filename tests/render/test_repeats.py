"""Siblings that are alike are found, and nothing that a reader must see is among them."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytrees import pytrees

from eqxview.document import Mark, MarkColumn
from eqxview.render.repeats import MIN_CONTAINERS, MIN_LEAVES, Repeats, run_label
from eqxview.tree.leaf_line import leaf_line
from eqxview.tree.live import tree_of


def block(width=4, activation=sum):
    return {"weight": np.zeros((width, 2), np.float32), "activation": activation}


def labels(pytree, row=0, columns=()):
    """The runs below a node, each with its length."""
    tree = tree_of(pytree)
    return [(run_label(tree, run), run.length) for run in Repeats(tree, columns).runs(row)]


def test_equal_blocks_are_one_run():
    assert labels([block() for _ in range(12)]) == [("[0..11]", 12)]


def test_two_equal_blocks_are_drawn_as_two():
    assert [length for _, length in labels([block() for _ in range(MIN_CONTAINERS - 1)])] == [1, 1]


def test_leaves_make_a_run_when_they_are_many():
    few, many = [0.0] * (MIN_LEAVES - 1), [0.0] * MIN_LEAVES
    assert len(labels(few)) == len(few)
    assert labels(many) == [(f"[0..{MIN_LEAVES - 1}]", MIN_LEAVES)]


@pytest.mark.parametrize(
    "other", [block(width=5), block(activation=max), {"weight": np.zeros((4, 2), np.float32)}]
)
def test_a_block_that_differs_ends_a_run(other):
    blocks = [block(), block(), block(), other, block(), block(), block()]
    assert [length for _, length in labels(blocks)] == [3, 1, 3]


def test_keys_that_count_make_a_series():
    blocks = {f"layer_{number}": block() for number in range(4)}
    assert labels(blocks) == [("['layer_0'] … ['layer_3']", 4)]


def test_different_names_are_kept_apart():
    pytree = {name: block() for name in ("key", "query", "value")}
    assert [length for _, length in labels(pytree)] == [1, 1, 1]


def test_a_shared_array_is_in_no_run():
    shared = jnp.zeros((4, 2))
    blocks = [{"weight": shared, "activation": sum} for _ in range(3)]
    assert [length for _, length in labels(blocks)] == [1, 1, 1]


def test_a_tie_elsewhere_hides_no_run():
    shared = jnp.zeros((4, 2))
    pytree = {"a": shared, "blocks": [block() for _ in range(3)], "z": shared}
    tree = tree_of(pytree)
    row = tree.find("['blocks']")
    assert row is not None
    assert [run.length for run in Repeats(tree).runs(row)] == [3]


def test_a_mark_inside_keeps_a_block_apart():
    tree = tree_of([block() for _ in range(7)])
    row = tree.find("[3]['weight']")
    assert row is not None
    codes = bytearray(len(tree))
    codes[row] = 1
    column = MarkColumn("side", (Mark(""), Mark("selected")), codes)
    assert [run.length for run in Repeats(tree, (column,)).runs(0)] == [3, 1, 3]


@given(st.lists(pytrees, min_size=1, max_size=3), st.integers(1, 5))
def test_what_is_in_a_run_reads_the_same_line_by_line(blocks, times):
    tree = tree_of([block for block in blocks for _ in range(times)])
    covered = 0
    for run in Repeats(tree).runs(0):
        size = tree.end[run.first] - run.first
        rows = range(run.first, tree.end[run.last], size)
        assert len(rows) == run.length
        covered += run.length * size
        for row in rows:
            for offset in range(size):
                one, other = leaf_line(tree, run.first + offset), leaf_line(tree, row + offset)
                if offset == 0:
                    # The label of a block itself is its index.
                    one = one._replace(label=other.label)
                assert one == other
    assert covered == len(tree) - 1


@given(st.lists(st.integers(0, 2), max_size=40))
def test_runs_are_as_long_as_they_can_be(kinds):
    choices = (0.0, "text", None)
    runs = list(Repeats(tree_of([choices[kind] for kind in kinds])).runs(0))
    expected = []
    for kind in kinds:
        if expected and expected[-1][0] == kind:
            expected[-1][1] += 1
        else:
            expected.append([kind, 1])
    lengths = []
    for _, count in expected:
        lengths += [count] if count >= MIN_LEAVES else [1] * count
    assert [run.length for run in runs] == lengths


def test_the_same_rows_nested_in_another_way_are_not_alike():
    one, other = [["x"], "y"], [["x", "y"]]
    assert [length for _, length in labels([one] * 3 + [other] * 3)] == [3, 3]
