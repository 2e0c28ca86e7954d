"""Why each node plays its part, and what the parts add up to."""

import functools
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from golden_files import check_golden
from hypothesis import given, settings
from pytrees import Registered, named_function, pytrees
from small_and_large import both_ways as both_ways
from small_and_large import patched

import eqxcore
import eqxview
from eqxview.cli.main import run
from eqxview.document import Note, Outline
from eqxview.inspect.analyses import find_analysis
from eqxview.inspect.hash_classes import HashClass
from eqxview.inspect.roles import roles, roles_of
from eqxview.render.formats import Drawing, find_format
from eqxview.render.page import page_of
from eqxview.tree.kinds import Role
from eqxview.tree.live import tree_of


class Layer(eqxcore.Module):
    weight: object
    bias: object = None
    use_bias: bool = eqxcore.field(static=True, default=True)
    extra: object = None


class Plain:
    def __init__(self):
        self.inside = 1


SHARED = jnp.zeros((5, 3))


def reason_of(pytree, path=""):
    report = roles(pytree)
    return report.reasons[report.reason_codes[report.tree.find(path)]]


REASONS = {
    "container": ([1], "", ""),
    "JAX array": ([SHARED], "[0]", "a JAX array"),
    "NumPy array": ([np.ones(3)], "[0]", "a NumPy array"),
    "tie": ([SHARED, SHARED], "[1]", "a JAX array, shared"),
    "number": ([1.5], "[0]", "not an array: a Python number (float)"),
    "bool": ([True], "[0]", "not an array: a Python bool"),
    "text": (["a"], "[0]", "not an array: a string"),
    "function": ([jax.nn.relu], "[0]", "not an array: a function"),
    "lambda": ([lambda x: x], "[0]", "not an array: a function made by code"),
    "partial": (
        [functools.partial(max, 1)],
        "[0]",
        "not an array: a functools.partial made by code",
    ),
    "shape": (
        [jax.ShapeDtypeStruct((2,), jnp.float32)],
        "[0]",
        "not an array: an object of class ShapeDtypeStruct",
    ),
    "unregistered": ([Plain()], "[0]", "not an array: Plain is no registered pytree"),
    "inside a leaf": ([Plain()], "[0].inside", "inside a leaf: JAX does not look"),
    "static field": (Layer(1), ".use_bias", "field(static=True) in class Layer"),
    "inside a static field": (
        Layer(1, use_bias=[1, [2]]),
        ".use_bias[0]",
        "inside a static field: JAX does not look",
    ),
    "meta field": (Registered(1, 2), ".name", "a meta field of Registered: in the treedef"),
    "static function": (
        jax.tree_util.Partial(max, 1),
        ".func",
        "the function of a Partial: in the treedef",
    ),
    "None": ([None], "[0]", "a hole, or left out: None is no leaf"),
    "root": (None, "", "None: a pytree without leaves"),
    "left out": (Layer(1, use_bias=False), ".bias", "left out: use_bias=False"),
    "hole": (
        Layer(1, use_bias=True),
        ".bias",
        "a hole: use_bias=True, so a filter took what was here",
    ),
    "filled elsewhere": (
        [Layer(None), Layer(1)],
        "[0].weight",
        "a hole, or left out: another Layer has something at .weight",
    ),
    "filled nowhere": ([Layer(1), Layer(1)], "[0].extra", "a hole, or left out: None is no leaf"),
}


@pytest.mark.filterwarnings("ignore:A JAX array is being set as static")
@pytest.mark.parametrize("case", REASONS)
def test_a_node_says_why_it_plays_its_part(case, both_ways):
    pytree, path, reason = REASONS[case]
    assert reason_of(pytree, path) == reason


@settings(deadline=None)
@given(pytrees)
def test_large_trees_have_the_roles_that_small_ones_have(pytree):
    tree = tree_of(pytree)
    reports = []
    for limit in (0, 1 << 60):
        patch = patched(limit)
        reports.append(roles_of(tree))
        patch.undo()
    assert reports[0] == reports[1]


@settings(deadline=None)
@given(pytrees)
def test_a_reason_goes_with_one_role_and_sums_add_up(pytree):
    report = roles(tree_of(pytree))
    tree = report.tree
    for row, code in enumerate(report.reason_codes):
        assert report.reason_roles[code] == tree.role[row]
        assert bool(report.reasons[code]) == (tree.role[row] != Role.NODE)
    nodes = sum(sums.nodes for _, sums in report.by_role)
    assert nodes == len(tree)
    totals = tree.totals()
    dynamic = dict(report.by_role).get(Role.DYNAMIC)
    assert (dynamic.nbytes if dynamic else 0) == totals.nbytes
    assert sum(sums.arrays for _, sums in report.by_dtype) == totals.arrays
    if report.by_subtree:
        assert sum(one.sums.nbytes for one in report.by_subtree) == totals.nbytes


MODEL = {
    "a": Layer(SHARED, np.ones(3, np.float16)),
    "b": [SHARED, 1.5, lambda x: x, jax.nn.relu, "text", {1}],
}


def test_a_shared_array_counts_once(both_ways):
    report = roles(MODEL)
    assert [(role, sums.nodes, sums.nbytes) for role, sums in report.by_role] == [
        (Role.NODE, 3, 0),
        (Role.DYNAMIC, 3, 66),
        (Role.STATIC_LEAF, 5, 0),
        (Role.STATIC_FIELD, 1, 0),
        (Role.NONE, 1, 0),
    ]
    assert [(dtype, sums.arrays, sums.nbytes) for dtype, sums in report.by_dtype] == [
        ("float32", 2, 60),
        ("float16", 1, 6),
    ]
    assert [(one.path, one.sums.nbytes) for one in report.by_subtree] == [
        ("['a']", 66),
        ("['b']", 0),
    ]


def test_static_values_are_told_by_how_they_are_hashed(both_ways):
    assert [(one.hash_class, one.nodes, one.first) for one in roles(MODEL).by_hash] == [
        (HashClass.BY_VALUE, 3, "['a'].use_bias True"),
        (HashClass.BY_IDENTITY, 1, "['b'][3] <function relu>"),
        (HashClass.BY_CODE, 1, "['b'][2] <function <lambda>>"),
        (HashClass.UNHASHABLE, 1, "['b'][5] {1}"),
    ]


def test_what_stands_alone_at_the_top_is_passed_by():
    assert [one.path for one in roles({"model": [MODEL]}).by_subtree] == [
        "['model'][0]['a']",
        "['model'][0]['b']",
    ]


def test_of_many_subtrees_the_largest_are_listed_in_the_order_of_the_tree():
    report = roles([np.zeros(size % 50) for size in range(100)])
    assert report.subtrees == 100
    assert [one.sums.parameters for one in report.by_subtree] == [*range(35, 50)] * 2


@pytest.mark.filterwarnings("ignore:A JAX array is being set as static")
def test_an_array_in_a_static_field_is_a_warning():
    report = roles(Layer(1, use_bias=np.ones(2)))
    assert report.static_arrays == (".use_bias",)
    notes = [part for part in report.document().parts if isinstance(part, Note)]
    assert notes[0].level == "warning"
    assert "the first at .use_bias" in notes[0].text


def test_the_outline_marks_each_node_with_its_reason():
    outline = roles(MODEL).document().parts[-1]
    assert isinstance(outline, Outline)
    (column,) = outline.columns
    mark = column.of(outline.tree.find("['b'][1]"))
    assert (column.name, mark.word, mark.tone) == (
        "why",
        "not an array: a Python number (float)",
        "static",
    )


def test_the_lazy_name_gives_the_report():
    assert eqxview.roles(MODEL).by_role == roles(MODEL).by_role


_SUFFIXES = {"text": "txt", "json": "json"}
TIED = np.ones(3)
GOLDEN_MODEL = {
    "layers": [
        Layer(np.ones((4, 2), np.float32), np.ones(4, np.float32)),
        Layer(1, use_bias=False),
    ],
    "tied": [TIED, TIED],
    "act": named_function,
    "rate": 0.5,
    "name": "model",
}


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize(
    ("view", "filter"),
    [("roles", ""), ("partition", ""), ("partition", "**.weight or role=static")],
)
def test_a_page_is_written_as_kept(view, filter, format):
    page = page_of(find_analysis(view), [tree_of(GOLDEN_MODEL)], filter=filter)
    lines = find_format(format).draw(page, Drawing())
    name = f"{view}_filtered" if filter else view
    check_golden(f"inspect/{name}.{_SUFFIXES[format]}", "\n".join(map(str, lines)) + "\n")


def test_a_file_has_the_roles_of_the_object_in_it(model_file, capsys):
    assert run([str(model_file), "--print", "--view", "roles"]) == 0
    printed = capsys.readouterr().out
    assert "field(static=True) in class Linear      9 " in printed
    assert "not an array: a function                2 " in printed


def test_a_file_is_partitioned_by_a_filter(model_file, capsys):
    assert run([str(model_file), "--print", "--view", "partition", "--filter", "name=bias"]) == 0
    assert "selected       3       3        11   44 B" in capsys.readouterr().out


def test_a_filter_that_is_none_ends_in_two_lines_and_the_code_for_usage(model_file, capsys):
    assert run([str(model_file), "--print", "--view", "partition", "--filter", "is_aray"]) == 64
    message, hint = capsys.readouterr().err.splitlines()
    assert message == "eqxview: filter, character 1: there is no predicate 'is_aray'"
    assert "did you mean 'is_array'?" in hint


@pytest.mark.parametrize("view", ["roles", "partition"])
def test_a_small_file_is_analysed_without_numpy_or_jax(view, model_file):
    code = (
        "import sys; from eqxview.cli.main import run; "
        "run([sys.argv[1], '--json', '--view', sys.argv[2]]); "
        "sys.exit(' '.join({'numpy', 'jax', 'textual'} & set(sys.modules)) or 0)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(model_file), view], check=True, stdout=subprocess.DEVNULL
    )
