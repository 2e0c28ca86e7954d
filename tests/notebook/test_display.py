"""`eqxview.show` and every function that returns a report: what they return shows itself."""

import copy
import pickle
import subprocess
import sys
from dataclasses import dataclass

import jax.numpy as jnp
import pytest
from html_seen import Seen
from model_files import model_file as model_file

import eqxcore as eqx
import eqxview
from eqxview.cli.main import run
from eqxview.document import Document, Fact, Facts, Outline
from eqxview.errors import UnreadableFile, UsageError
from eqxview.inspect.analyses import ANALYSES, Analysis
from eqxview.notebook.display import Display, display_of, displayed
from eqxview.tree.live import tree_of

MODEL = {"weight": jnp.zeros((4, 2)), "act": sum}


@dataclass(frozen=True)
class Count:
    """A toy report."""

    leaves: int

    def document(self):
        return Document("Count", (Facts((Fact("leaves", self.leaves, "count"),)),))


def answer(question):
    """What makes this file the module of a toy analysis."""
    return Count(question.tree.totals().leaves)


@pytest.fixture
def toy_analysis():
    ANALYSES.append(Analysis("count", "Count", "how many leaves there are", __name__))
    yield
    ANALYSES.pop()


def test_at_a_prompt_a_display_is_the_text_of_its_view():
    assert repr(eqxview.show(MODEL)).splitlines()[0].startswith("dict of 2")
    assert "● ['weight']" in repr(eqxview.show(MODEL))


def test_a_notebook_is_given_html_and_text():
    bundle = eqxview.show(MODEL)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == repr(eqxview.show(MODEL))
    seen = Seen(bundle["text/html"])
    assert seen.mistakes == []
    assert "['weight']" in seen.text
    # A fragment: the notebook has a page of its own.
    assert seen.count("html") == seen.count("body") == 0


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
def test_every_view_shows_itself(analysis):
    shown = eqxview.show(MODEL, view=analysis.name)
    assert repr(shown)
    assert Seen(shown._repr_mimebundle_()["text/html"]).mistakes == []


@pytest.mark.usefixtures("toy_analysis")
def test_a_new_analysis_shows_itself_and_lends_its_report():
    shown = eqxview.show(MODEL, view="count")
    assert repr(shown) == "leaves  2"
    assert shown.report == Count(2)
    assert shown.leaves == 2


def test_an_unknown_view_is_answered_with_the_names_there_are():
    with pytest.raises(UsageError, match="no view 'nonsense'") as caught:
        eqxview.show(MODEL, view="nonsense")
    assert "tree" in caught.value.hint


@pytest.mark.usefixtures("toy_analysis")
def test_a_filter_is_refused_where_none_is_taken():
    with pytest.raises(UsageError, match="a filter means nothing to the view 'count'"):
        eqxview.show(MODEL, view="count", filter="is_array")


@pytest.mark.parametrize("kind", [str, lambda path: path, eqxview.open_file])
def test_a_file_is_shown_by_its_path_or_opened(kind, tmp_path):
    path = tmp_path / "state.pkl"
    path.write_bytes(pickle.dumps({"a": [1, 2]}))
    shown = repr(eqxview.show(kind(path)))
    assert shown.startswith("state.pkl · pickle")
    assert "safe: nothing was run" in shown


def test_a_file_that_is_not_there_is_an_error():
    with pytest.raises(UnreadableFile):
        eqxview.show("not/there.pkl")


def test_a_tree_is_shown_as_it_is():
    tree = tree_of(MODEL)
    assert eqxview.show(tree).page.trees == (tree,)


def test_a_long_answer_is_cut_at_a_prompt_and_printed_whole():
    shown = eqxview.show(list(range(1_000)))
    assert len(repr(shown).splitlines()) == 401
    assert repr(shown).endswith("print it to see them all")
    assert len(str(shown).splitlines()) > 1_000


def test_a_function_that_returns_a_report_returns_what_shows_itself():
    def count(x):
        """How many leaves `x` has."""
        return Count(len(x))

    shown = displayed(count)([1, 2, 3])
    assert isinstance(shown, Display)
    assert shown.leaves == 3
    assert shown.page.view == "count"
    assert displayed(count).__doc__ == "How many leaves `x` has."
    assert "leaves" in dir(shown)
    with pytest.raises(AttributeError, match="missing"):
        _ = shown.missing


@pytest.mark.parametrize("name", sorted(eqxview._DISPLAYED & set(eqxview._LAZY)))
def test_what_our_functions_return_shows_itself(name):
    function = getattr(eqxview, name)
    arguments = {
        "partition": (MODEL, eqx.is_array),
        "diff": (MODEL, {**MODEL, "act": max}),
        "explain": (ValueError("Array has been deleted with shape=float32[2]."),),
    }
    shown = function(*arguments.get(name, (MODEL,)))
    assert isinstance(shown, Display)
    assert shown.document().title == shown.report.document().title
    assert Seen(shown._repr_mimebundle_()["text/html"]).mistakes == []


def test_a_display_saves_itself_in_the_format_of_the_suffix(tmp_path):
    shown = eqxview.show(MODEL)
    shown.save(tmp_path / "model.html")
    assert (tmp_path / "model.html").read_text(encoding="utf-8") == shown.draw("html")
    shown.save(str(tmp_path / "model.json"))
    assert (tmp_path / "model.json").read_text() == shown.draw("json")
    shown.save(tmp_path / "model.txt")
    assert (tmp_path / "model.txt").read_text(encoding="utf-8") == f"{shown}\n"
    with pytest.raises(UsageError, match="names no format"):
        shown.save(tmp_path / "model.docx")


def test_a_saved_page_is_the_one_that_the_command_line_writes(tmp_path):
    path = tmp_path / "state.pkl"
    path.write_bytes(pickle.dumps({"a": [1, 2]}))
    opened = eqxview.open_file(path)
    eqxview.show(opened).save(tmp_path / "one.html")
    assert run([str(path), "-o", str(tmp_path / "other.html")]) == 0

    def without_time(name):
        text = (tmp_path / name).read_text(encoding="utf-8")
        return [line for line in text.split("\n") if "read in" not in line]

    assert without_time("one.html") == without_time("other.html")


def test_the_trees_of_a_report_are_the_pages():
    tree = tree_of(MODEL)

    class Twice:
        def document(self):
            return Document("", (Outline(tree), Outline(tree, rows=(0,))))

    assert display_of(Twice()).page.trees == (tree,)


def test_a_display_can_be_copied():
    shown = display_of(Count(3))
    assert copy.copy(shown).leaves == 3


def test_a_display_of_several_objects_has_no_report(tmp_path):
    path = tmp_path / "two.pkl"
    path.write_bytes(pickle.dumps([1]) + pickle.dumps([2]))
    shown = eqxview.show(path)
    assert shown.report is None
    with pytest.raises(AttributeError, match="document"):
        shown.document()


def test_showing_needs_neither_ipython_nor_textual():
    code = """
import sys, eqxview
eqxview.show({"a": 1})._repr_mimebundle_()
print([name for name in ("IPython", "textual", "jax") if name in sys.modules])
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"


def test_a_path_is_the_file_for_every_question(model_file):
    from eqxview.readers import open_file

    for x in (str(model_file), model_file, open_file(str(model_file))):
        assert eqxview.roles(x).tree.totals().arrays > 0
        assert "a file does not tell where" in str(eqxview.placement(x))
        assert "selected" in str(eqxview.partition(x, "is_inexact_array"))
        with pytest.raises(UsageError, match="no values to ask"):
            eqxview.partition(x, eqx.is_array)


@pytest.mark.parametrize("ask", ["show", "graph", "roles", "partition", "placement"])
def test_a_complaint_comes_with_its_hint_and_without_the_way_to_it(ask):
    with pytest.raises(UnreadableFile, match="there is no file") as caught:
        getattr(eqxview, ask)("nowhere.pkl")
    assert any(note.startswith("hint: ") for note in caught.value.__notes__)
    assert len(caught.traceback) <= 3
