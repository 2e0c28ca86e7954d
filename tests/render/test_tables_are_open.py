"""A new analysis and a new format: a file and a line of a table each, and they are everywhere."""

import json

import pytest

from eqxview.cli.main import run
from eqxview.document import Document, Fact, Facts
from eqxview.inspect.analyses import ANALYSES, Analysis
from eqxview.render.formats import FORMATS, Format


class LeafCount:
    """A toy report."""

    def __init__(self, leaves):
        self.leaves = leaves

    def document(self):
        return Document("Leaf count", (Facts((Fact("leaves", self.leaves, "count"),)),))


def answer(question):
    """What makes this file the module of a toy analysis."""
    return LeafCount(question.tree.totals().leaves)


def draw(page, drawing):
    """What makes this file the module of a toy format."""
    for document in page.documents:
        yield f"<<{document.title}>>"


@pytest.fixture(autouse=True)
def toys():
    """The two lines, and nothing else."""
    ANALYSES.append(Analysis("leaf-count", "Count", "how many leaves there are", __name__))
    FORMATS.append(Format("toy", "titles", __name__))
    yield
    ANALYSES.pop()
    FORMATS.pop()


def test_a_new_analysis_is_shown_as_text(model_file, capsys):
    assert run([str(model_file), "--print", "--view", "leaf-count"]) == 0
    assert "leaves  8" in capsys.readouterr().out


def test_a_new_analysis_is_shown_as_json(model_file, capsys):
    assert run([str(model_file), "--json", "--view", "leaf-count"]) == 0
    answered = json.loads(capsys.readouterr().out)
    assert answered["view"] == "leaf-count"
    (part,) = answered["documents"][0]["parts"]
    assert part["facts"] == [{"name": "leaves", "value": 8, "unit": "count"}]
    assert len(answered["leaves"]) == 8


@pytest.mark.parametrize("view", ["tree", "leaf-count"])
def test_a_new_format_draws_every_analysis(view, model_file, capsys):
    assert run([str(model_file), "--format", "toy", "--view", view]) == 0
    title = {"tree": "Tree", "leaf-count": "Leaf count"}[view]
    assert capsys.readouterr().out == f"<<{title}>>\n"


def test_the_suffix_of_the_output_file_names_its_format(model_file, tmp_path):
    path = tmp_path / "answer.toy"
    assert run([str(model_file), "-o", str(path)]) == 0
    assert path.read_text() == "<<Tree>>\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("option", "listed"), [("--view", ", leaf-count"), ("--format", ", toy")])
def test_an_unknown_name_is_answered_with_the_names_there_are(option, listed, model_file, capsys):
    assert run([str(model_file), option, "nonsense"]) == 64
    message, hint = capsys.readouterr().err.splitlines()
    assert "nonsense" in message
    assert listed in hint
