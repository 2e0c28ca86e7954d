"""An explanation that is wrong is worse than none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import eqxcore as eqx
from eqxview.inspect.explain import explain_error


def explanation_of(run, *arguments):
    try:
        run(*arguments)
    except Exception as error:  # noqa: BLE001  each program has an error of its own
        return explain_error(error)
    raise AssertionError("the program was to be refused")


class Checked(eqx.Module):
    weight: jax.Array

    def __call__(self, x):
        if x.ndim != 2:
            raise ValueError("two tables must have the same shape, and one has rank 1")
        return x


def test_what_a_users_layer_raises_means_what_it_says():
    explanation = explanation_of(Checked(jnp.ones(2)), jnp.ones(3))
    assert not explanation.is_recognised
    assert explanation.message.startswith("two tables")


class Grid(eqx.Module):
    depth: int = eqx.field(static=True)
    points: tuple = eqx.field(static=True)


@pytest.mark.filterwarnings("ignore")
def test_another_field_that_differs_is_told_though_there_is_an_array_in_a_static_one():
    points = (np.arange(2.0),)
    first, second = Grid(1, points), Grid(2, points)
    explanation = explanation_of(lambda: jax.tree.map(lambda a, b: a, first, second))
    assert explanation.kind == "tree-structure"
    assert [(f.path, f.before, f.after) for f in explanation.findings] == [(".depth", "1", "2")]


@pytest.mark.filterwarnings("ignore")
def test_an_array_in_a_condition_of_the_users_is_no_static_field():
    grid = Grid(1, (np.arange(2.0),))

    def train(grid):
        if grid.points[0] == np.arange(2.0):
            return 1
        return 0

    assert not explanation_of(train, grid).is_recognised


def test_leaves_that_differ_are_not_taken_for_structure():
    old = {"w": jnp.ones(2), "act": "relu", "more": [1.0]}
    new = {"w": jnp.ones(3), "act": jnp.ones(1), "more": [1.0, 2.0]}
    explanation = explanation_of(lambda: jax.tree.map(lambda a, b: a, old, new))
    assert [f.path for f in explanation.findings] == ["['more'][1]"]


def test_a_leaf_of_the_first_tree_may_be_a_whole_tree_of_the_second():
    prefix = {"a": 0, "b": {"x": 0}}
    whole = {"a": {"deep": [1, 2]}, "b": {"y": 1}}
    explanation = explanation_of(lambda: jax.tree.map(lambda a, b: a, prefix, whole))
    assert {f.path for f in explanation.findings} == {"['b']['x']", "['b']['y']"}


def test_an_error_without_any_frame_is_shown_as_it_is():
    explanation = explain_error(ValueError("made by hand"))
    assert not explanation.is_recognised
    assert (explanation.site, explanation.message) == (None, "made by hand")


def test_the_text_of_an_error_cannot_act_on_a_screen():
    explanation = explain_error(ValueError("a\x1b[2Jb\nsecond line"))
    assert explanation.message == "a\\x1b[2Jb"


def test_an_error_whose_text_cannot_be_had_is_shown_with_the_reason():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    assert "whose text raised RuntimeError" in explain_error(Broken()).message
