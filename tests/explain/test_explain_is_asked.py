"""What can be asked for an explanation, and on which faces it is given."""

import json
import sys

import jax
import jax.numpy as jnp
import pytest
from refused_programs import grad_of_a_model, map_over_another_depth

import eqxcore as eqx
import eqxview
from eqxview.errors import UsageError
from eqxview.inspect.explain import CompileStory, Explanation


def refuse():
    map_over_another_depth(eqx)


def test_without_an_argument_it_is_the_error_that_is_being_handled():
    try:
        refuse()
    except ValueError:
        report = eqxview.explain().report
    assert isinstance(report, Explanation)
    assert report.kind == "tree-structure"


def test_without_an_argument_it_is_the_last_error_that_python_told(monkeypatch):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  JAX's own words differ by version
        refuse()
    monkeypatch.setattr(sys, "last_value", caught.value, raising=False)
    monkeypatch.delattr(sys, "last_exc", raising=False)
    assert eqxview.explain().kind == "tree-structure"


def test_where_there_was_no_error_it_says_how_to_ask(monkeypatch):
    for name in ("last_value", "last_exc"):
        monkeypatch.delattr(sys, name, raising=False)
    with pytest.raises(UsageError, match="no error yet") as caught:
        eqxview.explain()
    assert "except" in caught.value.hint


def test_what_is_no_error_and_no_function_is_refused_with_what_to_ask_instead():
    with pytest.raises(UsageError, match="not an object of dict") as caught:
        eqxview.explain({"w": 1})
    assert "eqxview.show(x)" in caught.value.hint


def test_an_error_that_was_raised_from_another_is_explained_by_its_cause():
    def train():
        try:
            refuse()
        except ValueError as error:
            raise RuntimeError("training failed") from error

    with pytest.raises(RuntimeError) as caught:
        train()
    report = eqxview.explain(caught.value)
    assert report.kind == "tree-structure"
    assert report.site.file.endswith("refused_programs.py")


def test_an_error_of_another_kind_is_shown_as_it_is():
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018  it is the error that is wanted
    report = eqxview.explain(caught.value)
    assert not report.is_recognised
    assert report.fix == ""
    assert report.message == "division by zero"
    assert report.site.file == __file__
    assert "we do not know this error" in str(report)


def test_code_that_has_no_source_is_explained_by_its_values():
    names = {"jax": jax, "a": {"w": 1.0}, "b": {"v": 1.0}}
    code = compile("jax.tree.map(lambda x, y: x, a, b)", "<made up>", "eval")
    with pytest.raises(ValueError) as caught:  # noqa: PT011  JAX's own words differ by version
        eval(code, names)
    report = eqxview.explain(caught.value)
    assert report.kind == "tree-structure"
    assert {found.path for found in report.findings} == {"['w']", "['v']"}
    # By the call that has a source, the one of `eval`.
    assert report.sides == ("names['a']", "names['b']")


@pytest.mark.parametrize("format", ["text", "json", "html"])
def test_an_explanation_is_drawn_on_every_face(format):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  JAX's own words differ by version
        refuse()
    drawn = eqxview.explain(caught.value).draw(format)
    assert ".layers[2]" in drawn
    assert "one from the other" in drawn
    if format == "json":
        assert json.loads(drawn)


def test_a_shown_explanation_has_the_attributes_of_the_report():
    with pytest.raises(TypeError) as caught:
        grad_of_a_model(eqx)
    shown = eqxview.explain(caught.value)
    assert shown.kind == "not-an-array"
    assert "text/html" in shown._repr_mimebundle_()


# --- Of a function ---


def test_a_function_that_compiled_again_is_told_why():
    step = jax.jit(lambda x: x * 2)
    other = jax.jit(lambda x: x + 1)
    with eqxview.watch() as watch:
        for size in (2, 3, 4):
            step(jnp.ones(size))
        other(jnp.ones(2))
    story = eqxview.explain(step, watch=watch)
    assert isinstance(story.report, CompileStory)
    assert [compile.number for compile in story.compiles] == [1, 2, 3]
    assert [d.path for c in story.compiles for d in c.differences] == ["x", "x"]
    assert eqxview.explain(step, watch=watch.log).compiles == story.compiles
    assert "x has another shape" in str(story)


def test_a_filtered_jit_is_told_the_same():
    step = eqx.filter_jit(lambda n, x: x * n)
    with eqxview.watch():
        for n in (1, 2):
            step(n, jnp.ones(2))
        # The watch that is on is found without being given.
        story = eqxview.explain(step)
    assert len(story.compiles) == 2
    assert story.compiles[1].differences[0].path == "n"


def test_a_watch_that_has_ended_is_found_as_long_as_somebody_has_it():
    step = jax.jit(lambda x: x - 1)
    with eqxview.watch() as watch:
        step(jnp.ones(2))
    assert len(eqxview.explain(step).compiles) == 1
    del watch


def test_where_nobody_watched_it_says_how_to_watch(monkeypatch):
    from eqxview.watching import switch

    monkeypatch.setattr(switch, "_started", [])

    @jax.jit
    def step(x):
        return x

    story = eqxview.explain(step)
    assert story.compiles == ()
    assert "nobody watched" in str(story)
    assert "eqxview.explain(step)" in str(story)


def test_a_function_that_was_not_called_is_told_as_not_compiled():
    step = jax.jit(lambda x: x)
    with eqxview.watch() as watch:
        pass
    assert "was not compiled while the watch was on" in str(eqxview.explain(step, watch=watch))


def test_what_is_no_watch_is_refused():
    with pytest.raises(UsageError, match="a watch or its log is needed, not an object of int"):
        eqxview.explain(jax.jit(lambda x: x), watch=3)
