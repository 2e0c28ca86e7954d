import gc
import json
import pickle
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from golden_files import check_golden
from hypothesis import given, settings
from pytrees import Layer, Pair, pytrees

import eqxcore as eqx
from eqxview.errors import UnreadableFile, UsageError
from eqxview.inspect.diff import ChangeKind, diff
from eqxview.inspect.diff.pairing import Pairing, pair
from eqxview.inspect.diff.side import Codes, Side
from eqxview.render.document_json import document_object
from eqxview.render.document_text import document_lines
from eqxview.tree.live import tree_of


def told(report):
    return [(change.kind.value, report.path(change)) for change in report.changes]


def mlp(seed=0, **options):
    options = {"width_size": 4, "depth": 2, **options}
    return eqx.nn.MLP(2, 3, **options, key=jax.random.key(seed))


def rebuilt(pytree):
    """The same pytree, of new arrays."""

    def anew(leaf):
        return leaf.copy() if isinstance(leaf, (jax.Array, np.ndarray)) else leaf

    return jax.tree_util.tree_map(anew, pytree)


def saved(pytree, path):
    path.write_bytes(pickle.dumps(pytree))
    return path


@given(pytrees)
@settings(deadline=None, max_examples=40)
def test_a_pytree_does_not_differ_from_itself(pytree):
    report = diff(tree_of(pytree), tree_of(pytree))
    assert told(report) == []
    assert report.is_complete


@given(pytrees)
@settings(deadline=None, max_examples=40)
def test_changing_one_array_is_told_as_that_one_change(pytree):
    before = rebuilt(pytree)  # Every array its own: none is shared.
    paths = [
        (path, leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(before)
        if isinstance(leaf, (jax.Array, np.ndarray)) and leaf.size and leaf.dtype.kind in "fiu"
    ]
    for path, leaf in paths[:2]:
        after = jax.tree_util.tree_map_with_path(
            lambda at, x, path=path, leaf=leaf: leaf + 1 if at == path else x,
            before,
        )
        report = diff(tree_of(before), tree_of(after))
        number = [at for at, _ in jax.tree_util.tree_leaves_with_path(before)].index(path)
        tree = tree_of(before)
        where = tree.path(list(tree.leaves())[number]) or "the root"
        assert ("value", where) in told(report)
        assert {kind for kind, _ in told(report)} <= {"value", "type"}
        assert len(told(report)) <= 2


@given(pytrees, pytrees)
@settings(deadline=None, max_examples=40)
def test_the_other_way_round_what_was_added_was_removed(a, b):
    # As trees: a string is taken for the name of a file.
    a, b = tree_of(a), tree_of(b)
    there, back = diff(a, b), diff(b, a)
    assert there.is_equal == back.is_equal
    for kind, opposite in (
        (ChangeKind.ADDED, ChangeKind.REMOVED),
        (ChangeKind.REMOVED, ChangeKind.ADDED),
        (ChangeKind.STATIC, ChangeKind.STATIC),
        (ChangeKind.TYPE, ChangeKind.TYPE),
    ):
        assert there.count(kind) == back.count(opposite) or there.count(ChangeKind.MOVED)


@given(pytrees, pytrees)
@settings(deadline=None, max_examples=40)
def test_any_two_trees_can_be_told_apart_in_every_format(a, b):
    report = diff(tree_of(a), tree_of(b))
    document = report.document()
    assert list(document_lines(document, width=60))
    json.dumps(document_object(document))
    if jax.tree_util.tree_structure(a) != jax.tree_util.tree_structure(b):
        shapes = [[np.shape(x) for x in jax.tree_util.tree_leaves(t)] for t in (a, b)]
        assert not report.is_equal or shapes[0] == shapes[1]


def test_a_file_does_not_differ_from_the_model_it_was_made_of(tmp_path):
    model = mlp(activation=jax.nn.gelu)
    report = diff(saved(model, tmp_path / "model.pkl"), model)
    assert told(report) == []
    assert report.compared == 6


def test_a_file_differs_from_a_model_that_was_trained_further(tmp_path):
    model = mlp()
    trained = eqx.tree_at(lambda m: m.layers[1].bias, model, model.layers[1].bias + 0.5)
    report = diff(saved(model, tmp_path / "model.pkl"), trained)
    (change,) = report.changes
    assert told(report) == [("value", ".layers[1].bias")]
    assert change.numbers.max_abs == pytest.approx(0.5)
    assert change.numbers.differing == 4


def test_two_files_are_compared_without_loading_them(tmp_path):
    report = diff(
        saved(mlp(0), tmp_path / "a.pkl"), saved(mlp(0, activation=jnp.tanh), tmp_path / "b.pkl")
    )
    assert told(report) == [("static", ".activation")]
    assert report.names == ("a.pkl", "b.pkl")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, [("added", "['b']")]),
        ({"a": 1, "b": 2}, {"a": 1}, [("removed", "['b']")]),
        ({"a": 1}, {"a": 2}, [("static", "['a']")]),
        ({"a": 1}, {"a": True}, [("type", "['a']")]),
        ({"a": None}, {"a": jnp.zeros(2)}, [("type", "['a']")]),
        ([jnp.zeros(2)], [np.zeros(2, np.float32)], [("type", "[0]")]),
        ([jnp.zeros(2)], [jnp.zeros(3)], [("shape", "[0]")]),
        ([jnp.zeros(2)], [jnp.zeros(2, jnp.int32)], [("dtype", "[0]")]),
        ([jnp.asarray(1.0)], [jnp.asarray(1.0, jnp.float32)], [("dtype", "[0]")]),
        ([jnp.zeros(2)], [jnp.ones(2)], [("value", "[0]")]),
        ([1, 2], (1, 2), [("type", "the root")]),
        (Pair(1, 2), [1, 2], [("type", "the root")]),
        (Layer(1, 2), Layer(1, 3), [("static", ".size")]),
        ([jax.nn.relu], [jax.nn.gelu], [("static", "[0]")]),
        ({"a": [1, 2]}, {"a": {"x": 3}}, [("type", "['a']")]),
    ],
    ids=lambda value: "",
)
def test_each_kind_of_change_is_told_where_it_is(before, after, expected):
    assert told(diff(before, after)) == expected


def test_types_that_differ_do_not_hide_that_values_do_not():
    a = jnp.arange(3.0)
    (change,) = diff([a], [np.asarray(a)]).changes
    assert (change.before, change.after) == ("f32[3]", "f32[3] (NumPy)")
    assert change.numbers is None
    (change,) = diff([a], [(a + 1).astype(jnp.bfloat16)]).changes
    assert (change.kind, change.numbers.max_abs) == (ChangeKind.DTYPE, 1.0)


def test_a_layer_put_in_front_is_one_layer_added():
    sizes = [2, 3, 4]
    layers = [eqx.nn.Linear(n, n + 1, key=jax.random.key(n)) for n in sizes]
    first = eqx.nn.Linear(9, 2, key=jax.random.key(9))
    assert told(diff(layers, [first, *layers])) == [("added", "[0]")]
    assert told(diff([first, *layers], layers)) == [("removed", "[0]")]


def test_a_subtree_at_another_place_is_moved_and_its_values_are_compared():
    linear = eqx.nn.Linear(2, 3, key=jax.random.key(0))
    other = eqx.tree_at(lambda m: m.bias, linear, linear.bias + 1)
    report = diff({"a": linear, "b": 1}, {"b": 1, "c": {"inner": linear, "rate": 0.1}})
    assert told(report) == [("moved", "['c']['inner']"), ("added", "['c']['rate']")]
    report = diff({"a": linear}, {"c": other})
    assert told(report) == [("moved", "['c']"), ("value", "['c'].bias")]
    assert (report.changes[0].before, report.changes[0].after) == ("['a']", "['c']")


def test_the_tree_names_what_was_removed_from_below_a_part_that_moved_by_its_whole_path():
    linear = eqx.nn.Linear(2, 3, key=jax.random.key(0))
    before = {"model": {"inner": linear, "scale": 2.0}}
    report = diff(before, (linear,))
    assert ("removed", "['model']['scale']") in told(report)
    assert "- ['model']['scale'] " in "\n".join(document_lines(report.document()))


def test_arrays_that_changed_places_are_told_by_their_values():
    q, k = jnp.arange(6.0), jnp.arange(6.0) * 2
    report = diff({"k": k, "q": q}, {"k": q, "q": k})
    assert [change.remark for change in report.changes] == [
        "its values are now at ['q']",
        "its values are now at ['k']",
    ]


def test_an_array_that_is_no_longer_shared_is_told():
    array = jnp.zeros(3)
    model = {"embed": array, "unembed": array}
    (change,) = diff(model, rebuilt(model)).changes
    assert (change.kind, change.row_b) == (ChangeKind.TIE, 2)
    assert change.before == "the same array as ['embed']"
    (change,) = diff(rebuilt(model), model).changes
    assert change.after == "the same array as ['embed']"
    assert told(diff(model, {"embed": (new := jnp.zeros(3)), "unembed": new})) == []


def test_an_optimiser_state_of_another_optimiser_is_told_by_its_slots():
    parameters = {"w": jnp.zeros((2, 3))}
    sgd = optax.sgd(0.1, momentum=0.9).init(parameters)
    adam = optax.adam(0.1).init(parameters)
    assert sorted(told(diff(sgd, adam))) == [
        ("added", "[0].count"),
        ("added", "[0].nu"),
        ("moved", "[0].mu"),
        ("type", "[0]"),
    ]


def test_the_outline_shows_what_differs_and_nothing_else():
    before = {"same": [1, 2, 3], "x": {"a": 1, "b": 2, "gone": 3}}
    after = {"same": [1, 2, 3], "x": {"a": 1, "b": 5, "new": 4}}
    outline = diff(before, after).document().parts[-1]
    tree = outline.tree
    shown = [(tree.path(row), outline.columns[0].of(row).word) for row in range(len(tree))]
    assert shown == [
        ("", ""),
        ("['x']", ""),
        ("['x']['gone']", "removed"),
        ("['x']['b']", "static: 2 → 5"),
        ("['x']['new']", "added"),
    ]
    assert tree.value_text(1) == "dict of 3"


def test_what_is_over_the_budget_is_told_and_makes_the_diff_incomplete():
    a = {"large": jnp.zeros(1000), "small": jnp.zeros(2)}
    report = diff(a, rebuilt(a), max_bytes=100)
    assert report.is_equal
    assert not report.is_complete
    assert (report.compared, report.over_budget) == (1, 1)
    text = "\n".join(document_lines(report.document()))
    assert "no difference in what could be compared" in text
    assert "--max-bytes" in text


def test_without_values_no_array_is_fetched():
    a, b = tree_of([jnp.zeros(2)]), tree_of([jnp.ones(2)])

    class Refusing:
        def fetch(self, tree, row):
            raise AssertionError("a value was fetched")

    a.values = b.values = Refusing()
    assert told(diff(a, b, values=False)) == []


def test_the_same_live_array_is_not_fetched():
    array = jnp.zeros(2)
    a, b = tree_of([array]), tree_of([array])
    a.values.fetch = b.values.fetch = None
    report = diff(a, b)
    assert (told(report), report.compared) == ([], 1)


def test_a_deleted_array_is_told_and_stops_nothing():
    gone = jnp.zeros(2)
    a, b = {"a": gone, "b": jnp.zeros(2)}, {"a": jnp.zeros(2), "b": jnp.ones(2)}
    gone.delete()
    report = diff(a, b)
    assert told(report) == [("value", "['b']")]
    assert [reason for _, _, reason in report.skipped] == [
        "the array at ['a'] was deleted or donated: it has no value"
    ]


def test_keys_are_compared_by_their_bits():
    assert told(diff([jax.random.key(0)], [jax.random.key(0)])) == []
    assert told(diff([jax.random.key(0)], [jax.random.key(1)])) == [("value", "[0]")]


def test_a_report_keeps_no_array_alive():
    a, b = jnp.zeros(8), jnp.ones(8)
    report = diff([a], [b])
    gone = weakref.ref(a), weakref.ref(b)
    del a, b
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
    assert told(report) == [("value", "[0]")]


def test_a_file_of_several_objects_is_not_guessed_at(tmp_path):
    path = tmp_path / "two.pkl"
    path.write_bytes(pickle.dumps(1) + pickle.dumps(2))
    with pytest.raises(UsageError, match="holds 2 objects"):
        diff(path, 1)


def test_a_file_that_is_not_there_raises(tmp_path):
    with pytest.raises(UnreadableFile, match="there is no file"):
        diff(str(tmp_path / "none.pkl"), 1)


def a_change_of_each_kind():
    shared = jnp.zeros(3)
    linear = eqx.nn.Linear(2, 3, key=jax.random.key(0))
    before = {
        "changed": jnp.arange(4.0),
        "cut": jnp.zeros((2, 3)),
        "embed": shared,
        "kept": [1, 2, 3],
        "name": "first",
        "narrow": jnp.ones(2),
        "none": None,
        "old": linear,
        "unembed": shared,
        "went": 1.5,
    }
    after = {
        "came": 2.5,
        "changed": jnp.arange(4.0).at[3].set(3.5),
        "cut": jnp.zeros((2, 2)),
        "embed": jnp.zeros(3),
        "kept": [1, 2, 3],
        "name": "second",
        "narrow": jnp.ones(2, jnp.bfloat16),
        "none": jnp.zeros(5),
        "new": linear,
        "unembed": jnp.zeros(3),
    }
    return before, after


def test_the_report_as_text_and_as_json_is_the_golden_one():
    document = diff(*a_change_of_each_kind()).document()
    check_golden("inspect/diff.txt", "\n".join(document_lines(document, width=100)) + "\n")
    check_golden("inspect/diff.json", json.dumps(document_object(document), indent=1) + "\n")


def test_the_budget_is_for_all_arrays_together():
    a = [jnp.zeros(2), jnp.zeros(3), jnp.zeros(2)]
    report = diff(a, rebuilt(a), max_bytes=2 * 8 + 2 * 8)
    assert (report.compared, report.over_budget) == (2, 1)


def test_of_several_places_alike_the_one_of_the_same_name_is_where_it_moved_to():
    before = {"old": {"weight": jnp.zeros(2), "bias": jnp.zeros(2)}}
    after = {"new": {"a": jnp.zeros(2), "bias": jnp.zeros(2), "c": 1, "weight": jnp.zeros(2)}}
    moved = [
        (change.before, change.after)
        for change in diff(before, after).changes
        if change.kind == ChangeKind.MOVED
    ]
    assert moved == [
        ("['old']['bias']", "['new']['bias']"),
        ("['old']['weight']", "['new']['weight']"),
    ]


def test_lists_too_long_to_align_are_aligned_at_their_ends():
    layers = [jnp.zeros(n) for n in (2, 3, 4, 5)]
    longer = [layers[0], jnp.zeros(9), *layers[1:3], jnp.zeros(8), layers[3]]
    assert sorted(told(diff(layers, longer))) == [("added", "[1]"), ("added", "[4]")]
    codes = Codes()
    sides = Side(tree_of(layers), codes), Side(tree_of(longer), codes)
    hasty = pair(*sides, into=Pairing(effort=0))
    assert (1, 1) in hasty.arrays
    assert hasty.arrays[-1] == (4, 6)
    assert len(hasty.added) == 2
