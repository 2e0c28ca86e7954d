"""The halves that are shown are the halves that `partition` makes, of both libraries."""

import equinox
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytrees import pytrees
from small_and_large import both_ways as both_ways
from small_and_large import patched

import eqxcore
import eqxview
from eqxview.document import Facts, Note, Outline, Table
from eqxview.errors import UsageError
from eqxview.inspect import filter_spec
from eqxview.inspect.partition_by_filter import partition_by_filter
from eqxview.inspect.partition_by_spec import partition
from eqxview.inspect.sides import HELD, MIXED, NOWHERE, REST, SELECTED
from eqxview.inspect.whole_subtrees import whole_subtrees
from eqxview.tree.live import tree_of

LIBRARIES = pytest.mark.parametrize("library", [eqxcore, equinox], ids=lambda one: one.__name__)


def shown(report):
    """For each leaf whether it is shown as selected."""
    return [report.sides[row] == SELECTED for row in report.tree.leaves()]


def made(library, pytree, spec):
    """For each leaf whether the library puts it into the first half."""
    gone = object()
    first, second = library.partition(pytree, spec, replace=gone)
    pairs = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    kept = []
    for one, other in pairs:
        assert (one is gone) != (other is gone)
        kept.append(one is not gone)
    return kept


def is_number(leaf):
    return isinstance(leaf, (int, float))


verdicts = st.booleans() | st.sampled_from([eqxcore.is_array, equinox.is_inexact_array, is_number])


@st.composite
def trees_and_specs(draw):
    """A pytree with a prefix of it, made of verdicts."""
    pytree = draw(pytrees)
    is_cut = draw(st.functions(like=lambda node: True, returns=st.booleans(), pure=False))
    spec = jax.tree.map(lambda _: draw(verdicts), pytree, is_leaf=lambda node: is_cut(node))
    return pytree, spec


@LIBRARIES
@settings(deadline=None)
@given(data=trees_and_specs())
def test_a_spec_partitions_as_the_library_does(library, data):
    pytree, spec = data
    assume(not isinstance(pytree, str))  # that would name a file
    assert shown(partition(pytree, spec)) == made(library, pytree, spec)


FILTERS = st.sampled_from(
    [
        "is_array",
        "eqx.is_inexact_array",
        "is_array_like and not is_inexact_array",
        "dtype=f32 or dtype=i16",
        "ndim>=1 !shape=[2,3]",
        "shape=[]",
        "bytes>8B",
        "elements<4",
        "role=dynamic or kind=text",
        "path~ker",
        "name=weight or name=bias or name=0",
        "**.bias",
        "[0].*",
        ".first",
        "not (**[*] or path~e)",
        "tied=yes",
        "True",
        "False",
    ]
)


@LIBRARIES
@pytest.mark.parametrize("few", [8, -1], ids=["subtrees by name", "leaves by path"])
@settings(deadline=None)
@given(pytree=pytrees, text=FILTERS)
def test_the_python_that_is_shown_makes_the_same_halves(library, few, pytree, text):
    with pytest.MonkeyPatch.context() as patch:
        # How many subtrees are named one by one, rather than found by their paths.
        patch.setattr(filter_spec, "_FEW", few)
        report = partition(tree_of(pytree), text)
    if not report.python:
        return
    spec = eval(report.python, {"eqx": library, "jax": jax, "model": pytree})
    assert shown(report) == made(library, pytree, spec)


@settings(deadline=None)
@given(pytree=pytrees, text=FILTERS)
def test_large_trees_are_partitioned_as_small_ones_are(pytree, text):
    tree = tree_of(pytree)
    reports = []
    for limit in (0, 1 << 60):
        patch = patched(limit)
        reports.append(partition_by_filter(tree, text))
        patch.undo()
    assert reports[0] == reports[1]


@settings(deadline=None)
@given(pytree=pytrees, text=FILTERS)
def test_every_leaf_is_on_one_side_and_decided_by_one_part(pytree, text):
    report = partition(tree_of(pytree), text)
    leaves = set(report.tree.leaves())
    for row, side in enumerate(report.sides):
        if row in leaves:
            assert side in (SELECTED, REST)
        assert (report.decided_by[row] >= 0) == (row in leaves)
    assert report.selected.leaves + report.rest.leaves == len(leaves)
    assert sum(one.sums.leaves for one in report.decisions) == len(leaves)


SHARED = jnp.zeros((8, 2))


class Model(eqxcore.Module):
    embed: jax.Array
    layers: list
    size: int = eqxcore.field(static=True)
    bias: jax.Array | None = None


MODEL = Model(SHARED, [{"w": jnp.zeros((2, 2)), "act": jax.nn.relu}, SHARED, np.ones(3)], 2)


def side_of(report, path):
    return report.sides[report.tree.find(path)]


def test_containers_static_fields_and_nones_have_sides_of_their_own(both_ways):
    report = partition(MODEL, eqxcore.is_array)
    assert side_of(report, "") == MIXED
    assert side_of(report, ".layers[0]") == MIXED
    assert side_of(report, ".layers[0]['act']") == REST
    assert side_of(report, ".layers[1]") == SELECTED
    assert side_of(report, ".size") == HELD
    assert side_of(report, ".bias") == NOWHERE


def test_a_shared_array_counts_once_in_each_half(both_ways):
    report = partition(MODEL, eqxcore.is_array)
    assert report.selected == (4, 4, 4, 16 + 4 + 3, 64 + 16 + 24)
    torn = partition(MODEL, ".embed")
    assert (torn.selected.nbytes, torn.rest.nbytes) == (64, 64 + 16 + 24)
    assert torn.torn == ((".embed", ".layers[1]"),)
    (note,) = [part for part in torn.document().parts if isinstance(part, Note)]
    assert note.level == "warning"
    assert ".layers[1] is not" in note.text


def test_a_shared_array_counts_once_for_two_deciders_of_one_half(both_ways):
    report = partition(MODEL, ".embed or .layers")
    assert [one.sums.nbytes for one in report.decisions] == [104, 64]
    assert report.selected.nbytes == 104


def deciders(report):
    return {
        report.tree.path(row): report.deciders[report.decided_by[row]]
        for row in report.tree.leaves()
    }


def test_the_part_of_a_filter_that_decided_is_named(both_ways):
    assert deciders(partition(MODEL, "is_array (shape=[8,2] or shape=[2,2]) !tied=yes")) == {
        ".embed": "tied=yes",
        ".layers[0]['w']": "is_array (shape=[8,2] or shape=[2,2]) !tied=yes",
        ".layers[0]['act']": "is_array",
        ".layers[1]": "tied=yes",
        ".layers[2]": "shape=[8,2] or shape=[2,2]",
    }


def test_the_part_of_a_spec_that_decided_is_named():
    spec = jax.tree.map(lambda _: False, MODEL)
    spec = eqxcore.tree_at(
        lambda m: (m.embed, m.layers), spec, (True, [eqxcore.is_array, lambda leaf: True, np.all])
    )
    report = partition(MODEL, spec)
    named = deciders(report)
    line = test_the_part_of_a_spec_that_decided_is_named.__code__.co_firstlineno + 3
    assert named[".embed"] == "spec.embed = True"
    assert named[".layers[0]['w']"] == "spec.layers[0] = eqx.is_array"
    assert named[".layers[1]"] == f"spec.layers[1] = <lambda> at test_partition.py:{line}"
    assert report.spec == "a spec of 4 parts"


def test_a_spec_of_a_bool_a_leaf_is_told_by_subtree():
    """People write such by `tree_map` and `tree_at`: a row a leaf would fill a screen."""
    model = {
        "deep": [{"w": jnp.ones(2), "b": jnp.ones(1)} for _ in range(100)],
        "head": jnp.ones(3),
    }
    spec = jax.tree.map(lambda _: False, model)
    spec = eqxcore.tree_at(
        lambda m: (m["head"], m["deep"][7]["w"], m["deep"][9]),
        spec,
        (True, True, {"w": True, "b": True}),
    )
    report = partition(model, spec)
    named = deciders(report)
    assert named["['head']"] == "spec['head'] = True"
    assert named["['deep'][7]['w']"] == "spec['deep'][7]['w'] = True"
    assert named["['deep'][7]['b']"] == "spec['deep'][7]['b'] = False"
    assert named["['deep'][9]['w']"] == named["['deep'][9]['b']"] == "spec['deep'][9] = True"
    assert named["['deep'][8]['w']"] == "spec['deep'][8] = False"
    whole = partition(model, jax.tree.map(lambda _: True, model))
    assert whole.deciders == ("True",)
    assert whole.spec == "a spec of 201 parts"


@settings(deadline=None)
@given(pytrees, st.data())
def test_a_subtree_is_told_as_a_whole_where_all_in_it_say_the_same_and_nowhere_else(pytree, data):
    paths = [path for path, _ in jax.tree_util.tree_leaves_with_path(pytree)]
    said = [data.draw(st.sampled_from("ab")) for _ in paths]
    for path, own, whole in zip(paths, said, whole_subtrees(paths, said), strict=True):
        assert path[: len(whole)] == whole
        assert {
            other for p, other in zip(paths, said, strict=True) if p[: len(whole)] == whole
        } == {own}
        if whole:
            above = whole[:-1]
            beside = [s for p, s in zip(paths, said, strict=True) if p[: len(above)] == above]
            assert set(beside) != {own}


def test_a_predicate_is_called_by_its_name():
    report = partition(MODEL, equinox.is_inexact_array)
    assert report.spec == report.python == "eqx.is_inexact_array"
    assert report.deciders == ("eqx.is_inexact_array",)


def test_without_a_filter_the_split_is_that_of_filter_jit(both_ways):
    report = partition(MODEL)
    assert shown(report) == made(equinox, MODEL, equinox.is_array)
    facts = next(part for part in report.document().parts if isinstance(part, Facts))
    assert facts.rows[0].value == "is_array (what filter_jit does)"
    assert facts.rows[1].value == "eqx.is_array"


def test_the_document_has_both_sums_and_marks_every_row():
    parts = partition(MODEL, "name=w or is_array").document().parts
    tables = [part for part in parts if isinstance(part, Table)]
    assert [row[:2] for row in tables[0].rows] == [("selected", 4), ("rest", 1)]
    assert [row[0] for row in tables[1].rows] == ["is_array", "name=w", "name=w or is_array"]
    outline = parts[-1]
    assert isinstance(outline, Outline)
    tree = outline.tree
    words = {
        column.name: [column.of(row).word for row in range(len(tree))] for column in outline.columns
    }
    assert words["side"][tree.find(".layers[0]['act']")] == "rest"
    assert words["by"][tree.find(".layers[0]['w']")] == "name=w"
    assert words["by"][0] == ""


def test_a_filter_that_selects_nothing_says_so():
    parts = partition(MODEL, ".typo").document().parts
    assert [part.text for part in parts if isinstance(part, Note)] == ["no leaf is selected"]


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        (3, "the filter spec has 3 at spec, of class int"),
        (np.True_, "np.True_ at spec, of class bool"),
        ([True], "is no prefix of the pytree"),
        (eqxcore.tree_at(lambda m: m.layers, MODEL, None), "no prefix|spec.embed"),
    ],
    ids=["number", "NumPy bool", "other structure", "arrays"],
)
def test_what_is_no_spec_is_refused_with_the_place(spec, complaint):
    with pytest.raises(UsageError, match=complaint.replace("(", r"\(")):
        partition(MODEL, spec)


def test_a_function_that_fails_is_told_with_the_leaf_it_was_asked_about():
    with pytest.raises(AttributeError) as caught:
        partition(MODEL, lambda leaf: leaf.dtype == jnp.float32)
    assert caught.value.__notes__[0].endswith("was asked about .layers[0]['act']")


def test_a_tree_without_its_objects_takes_text_only():
    tree = tree_of(MODEL)
    assert eqxview.partition(tree, "is_array").selected.leaves == 4
    with pytest.raises(UsageError, match="no values to ask"):
        partition(tree, eqxcore.is_array)


def test_a_partition_keeps_no_array_alive():
    import weakref

    leaf = np.ones(3)
    gone = weakref.ref(leaf)
    report = partition([leaf], eqxcore.is_array)
    del leaf
    assert gone() is None
    assert report.selected.nbytes == 24


def test_a_filter_typed_with_an_escape_code_is_shown_escaped():
    report = partition(MODEL, "name='\x1b[2J' or\nis_array")
    assert report.spec == r"name='\x1b[2J' or\x0ais_array"
    assert report.deciders[0] == "is_array"
