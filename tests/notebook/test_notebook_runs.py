"""A notebook run from top to bottom in a kernel of its own, and made into a page."""

import nbformat
import pytest
from html_seen import Seen
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

SETUP = """
import jax
import jax.numpy as jnp

import eqxcore as eqx
import eqxview

model = eqx.nn.MLP(2, 3, 4, 2, key=jax.random.key(0))
"""
RECOMPILES = """%%recompiles
@eqx.filter_jit
def predict(model, x):
    return model(x)

for x in (jnp.zeros(2), jnp.zeros(2, jnp.bfloat16)):
    predict(model, x)
"""
CELLS = (
    SETUP,
    "eqxview.show(model)",
    "eqxview.partition(model, eqx.is_array)",
    "%load_ext eqxview",
    "model",
    RECOMPILES,
)


def run_notebook(*cells):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return NotebookClient(notebook, timeout=90, kernel_name="python3").execute()


@pytest.fixture(scope="module")
def notebook():
    return run_notebook(*CELLS)


def output(notebook, cell):
    """The data of the only output of a cell."""
    (found,) = notebook.cells[cell].outputs
    return found["data"]


def test_a_model_is_shown_as_html_with_text_beside_it(notebook):
    data = output(notebook, 1)
    assert set(data) == {"text/html", "text/plain"}
    seen = Seen(data["text/html"])
    assert seen.mistakes == []
    assert ".layers" in seen.text
    assert "● .weight" in data["text/plain"]


def test_a_report_shows_itself(notebook):
    text = Seen(output(notebook, 2)["text/html"]).text
    assert "selected" in text
    assert "rest" in text


def test_with_the_extension_a_module_shows_itself(notebook):
    assert ".layers" in Seen(output(notebook, 4)["text/html"]).text


def test_the_cell_magic_tells_which_argument_compiled_again(notebook):
    text = Seen(output(notebook, 5)["text/html"]).text
    assert "predict compiled again once" in text
    assert "dtype" in text


def test_the_notebook_is_a_page_with_the_trees_in_it(notebook):
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    # nbconvert writes quotes around attributes.
    assert page.count('<div class="eqxview">') == 4
    assert page.count('role="tree"') == 3


def test_a_failing_cell_fails_the_notebook():
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_notebook("import eqxview\n%load_ext eqxview", "%%recompiles\n1 / 0")
