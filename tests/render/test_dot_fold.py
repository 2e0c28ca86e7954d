"""What of a tree is drawn: everything where there is room, and nothing lost without a word."""

import time

import numpy as np
import pytest
from dot_seen import dot_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pytrees import Wrapped, pytrees

from eqxview.document import Mark, MarkColumn, Outline
from eqxview.render.dot.captions import Captions
from eqxview.render.dot.fold import Box, Leaf, Rest, Statics, plan_of
from eqxview.tree.kinds import Role
from eqxview.tree.live import tree_of


def items_of(root):
    waiting = [root]
    while waiting:
        item = waiting.pop()
        yield item
        if isinstance(item, Box):
            waiting += item.items or []


def drawn(x, max_nodes=150):
    return plan_of(Outline(tree_of(x)), max_nodes=max_nodes)


@settings(max_examples=60, deadline=None)
@given(pytrees, st.integers(1, 40))
def test_each_leaf_is_in_exactly_one_thing_that_is_drawn(x, max_nodes):
    tree = tree_of(x)
    plan = plan_of(Outline(tree), max_nodes=max_nodes)
    items = {id(item) for item in items_of(plan.root)}
    for row in range(len(tree)):
        if tree.is_leaf(row) or tree.role[row] == Role.STATIC_FIELD:
            item = plan.item_at(row)
            assert id(item) in items
            if isinstance(item, Leaf | Box):
                assert item.run.first <= row < tree.end[item.run.last]
            elif isinstance(item, Statics):
                assert any(field <= row < tree.end[field] for field in item.rows)


@settings(max_examples=60, deadline=None)
@given(pytrees, st.integers(1, 40))
def test_no_more_is_drawn_than_there_is_room_for(x, max_nodes):
    # One more, which counts what did not fit.
    items = list(items_of(drawn(x, max_nodes).root))
    assert len(items) <= max_nodes + any(isinstance(item, Rest) for item in items)


@settings(max_examples=60, deadline=None)
@given(pytrees)
def test_where_there_is_room_every_leaf_has_a_node_of_its_own_or_is_one_of_many_alike(x):
    plan = drawn(x, max_nodes=10_000)
    assert plan.folded == ()
    assert not any(isinstance(item, Rest) for item in items_of(plan.root))
    alone = [item for item in items_of(plan.root) if isinstance(item, Leaf)]
    assert all(item.run.first == item.run.last or item.run.length > 1 for item in alone)


def test_the_top_of_a_large_tree_is_drawn_before_what_is_deep_in_it():
    layer = {"w": 1.0, "b": 2.0}
    plan = drawn({"deep": {"a": layer, "b": {"c": layer}}, "flat": layer}, max_nodes=7)
    tree = plan.outline.tree
    opened = {tree.path(i.run.first) for i in items_of(plan.root) if isinstance(i, Box) and i.items}
    assert opened == {"", "['deep']", "['flat']"}
    assert [tree.path(box.run.first) for box in plan.folded] == ["['deep']['a']", "['deep']['b']"]


def test_a_folded_container_says_what_it_holds_and_the_picture_how_much_is_folded():
    source = dot_of({"deep": {"a": np.ones(3, np.float32), "b": [1, 2]}, "x": 1}, max_nodes=3)
    assert r"['deep']\ldict of 2\l3 · 12 B\lfolded: 4 nodes\l" in source
    assert "folded: 1 container with 5 nodes, not drawn" in source
    assert "shape=folder" in source


def test_a_root_with_more_children_than_there_is_room_for_counts_the_rest():
    source = dot_of({f"key {number}": "abc"[number % 3] for number in range(50)}, max_nodes=11)
    assert r"… and 40 more\l" in source


def test_blocks_that_are_alike_are_one_box_named_with_their_list():
    source = dot_of({"blocks": [{"w": np.ones(3, np.float32)} for _ in range(12)]})
    assert "['blocks'][0..11]  12 × identical dict of 1  3 · 12 B each" in source
    assert source.count("['w']\\l") == 1
    assert "identical: the same structure" in source


@pytest.mark.parametrize(
    "odd",
    [
        {"w": np.ones(4, np.float32)},
        {"w": np.ones(3, np.float64)},
        {"v": np.ones(3, np.float32)},
        {"w": None},
        {"w": np.ones(3, np.float32), "b": 1},
    ],
    ids=["shape", "dtype", "key", "hole", "one more"],
)
def test_a_block_that_differs_is_not_drawn_as_one_of_many(odd):
    blocks = [{"w": np.ones(3, np.float32)} for _ in range(8)]
    source = dot_of([*blocks[:4], odd, *blocks[4:]])
    assert "[0..3]  4 × identical" in source
    assert "[5..8]  4 × identical" in source


def test_lists_that_differ_in_nesting_alone_are_not_alike():
    plan = drawn([[["a"], "b"], [["a", "b"]], [["a"], "b"]])
    assert isinstance(plan.root, Box)
    assert [item.run.length for item in plan.root.items] == [1, 1, 1]


def test_only_the_rows_of_an_outline_are_drawn():
    tree = tree_of({"a": [1, 2], "b": 3})
    plan = plan_of(Outline(tree, rows=(0, 1, 2)), max_nodes=150)
    rows = {item.run.first for item in items_of(plan.root)}
    assert rows == {0, 1, 2}
    assert plan.item_at(tree.find("['b']")) is None
    assert plan.item_at(tree.find("['a'][1]")) is None


def test_alike_but_shown_differently_is_drawn_apart():
    tree = tree_of([{"w": 1}, {"w": 1}, {"w": 1}, {"w": 1}])
    plan = plan_of(Outline(tree, rows=(0, 1, 2, 3, 4, 5, 6, 7)), max_nodes=150)
    assert [item.run.length for item in plan.root.items] == [3, 1]


def test_static_fields_that_are_marked_differently_do_not_share_a_node():
    tree = tree_of(Wrapped(np.ones(2, np.float32), 3))
    codes = bytearray(len(tree))
    codes[tree.find(".mode")] = 1
    marks = MarkColumn("difference", (Mark(""), Mark("changed", "warning")), codes)
    plan = plan_of(Outline(tree, (marks,)), max_nodes=150)
    captions = Captions(plan)
    statics = [item for item in plan.root.items if isinstance(item, Statics)]
    assert [captions.statics(item) for item in statics] == [
        [".size = 3"],
        [".mode = 'train'", "changed"],
    ]


def test_alike_but_marked_differently_is_drawn_apart():
    tree = tree_of([{"w": 1}, {"w": 1}, {"w": 1}, {"w": 1}])
    codes = bytearray(len(tree))
    codes[tree.find("[3]['w']")] = 1
    marks = MarkColumn("side", (Mark(""), Mark("selected", "good")), codes)
    plan = plan_of(Outline(tree, (marks,)), max_nodes=150)
    assert [item.run.length for item in plan.root.items] == [3, 1]


def test_static_fields_share_a_node_and_are_written_one_a_line():
    plan = drawn(Wrapped(np.ones(2, np.float32), 3))
    *_, statics = plan.root.items
    assert isinstance(statics, Statics)
    assert Captions(plan).statics(statics) == [".size = 3", ".mode = 'train'"]


def test_a_hundred_thousand_leaves_are_folded_in_no_time():
    tree = tree_of({f"part {n % 7}{n}": {"w": n, "b": [n] * 99} for n in range(1_000)})
    assert len(tree) > 100_000
    start = time.thread_time()
    plan = plan_of(Outline(tree), max_nodes=150)
    assert time.thread_time() - start < 1.0
    assert sum(1 for _ in items_of(plan.root)) <= 151
