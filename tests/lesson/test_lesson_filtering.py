"""The lesson: its pictures are what really happens, and it reads well in a pipe."""

import jax
import pytest

import eqxcore as eqx
from eqxview.cli.main import run
from eqxview.document import Outline, Table
from eqxview.lesson import find_lesson


@pytest.fixture(scope="module")
def steps():
    return {step.title: step for step in find_lesson("filtering").steps()}


def part(step, kind, title=""):
    return next(
        part
        for part in step.shown.parts
        if isinstance(part, kind) and (not title or part.title == title)
    )


def marked(step):
    """The leaves of the outline's tree by their first mark."""
    outline = part(step, Outline)
    return {
        outline.tree.path(row): outline.columns[0].of(row).word for row in outline.tree.leaves()
    }


def test_the_leaves_are_those_of_jax(steps):
    model = eqx.nn.MLP(2, 1, width_size=4, depth=1, key=jax.random.key(0))
    shown = [row[0] for row in part(steps["Its leaves are what JAX sees"], Table).rows]
    assert shown == [
        jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(model)
    ]


def test_partition_takes_the_arrays(steps):
    sides = marked(steps["A filter sorts the leaves, and partition makes two trees of them"])
    assert {path for path, side in sides.items() if side == "selected"} == {
        ".layers[0].weight",
        ".layers[0].bias",
        ".layers[1].weight",
        ".layers[1].bias",
    }
    assert sides[".activation"] == "rest"


def test_inside_of_jit_there_are_tracers_of_the_arrays_alone(steps):
    rows = part(steps["What crosses the jit boundary"], Table).rows
    assert len(rows) == 4
    assert all("Tracer" in inside for _, inside in rows)


def test_the_gradient_has_no_leaf_that_is_not_an_array(steps):
    tree = part(steps["What the gradient sees"], Outline).tree
    assert [tree.path(row) for row in tree.leaves()] == [
        ".layers[0].weight",
        ".layers[0].bias",
        ".layers[1].weight",
        ".layers[1].bias",
    ]


def test_a_tree_of_booleans_trains_one_layer(steps):
    sides = marked(steps["Train one layer, freeze the rest"])
    assert [path for path, side in sides.items() if side == "selected"] == [
        ".layers[1].weight",
        ".layers[1].bias",
    ]


def test_the_recompile_names_the_lambda(steps):
    step = steps["The other side of the bargain: statics are compared"]
    table = part(step, Table, "Compiled again")
    (row,) = table.rows
    told = dict(zip((column.name for column in table.columns), row, strict=True))
    assert (told["function"], told["times"]) == ("loss", 2)
    assert (told["what"], told["cause"]) == ("model.activation", "identity:lambda")


def test_the_lesson_ends_where_it_began(steps):
    assert "equals the model" in steps["combine undoes partition"].words


def test_every_step_says_something_shows_something_and_can_be_typed(steps):
    for step in steps.values():
        assert step.words
        assert step.shown is not None
        compile(step.code, step.title, "exec")


def test_in_a_pipe_the_whole_lesson_is_printed(capsys):
    assert run(["learn", "filtering", "--width", "90"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("── ") == 9
    assert ">>> @jax.jit\n... def" in printed
    assert max(map(len, printed.splitlines())) <= 120


def test_an_unknown_lesson_is_answered_with_the_lessons_there_are(capsys):
    assert run(["learn", "cooking"]) == 64
    assert "filtering" in capsys.readouterr().err
