"""Every example runs, and says what it is there to say."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(autouse=True)
def usual_jax():
    """Examples run as users run JAX: without the strictness of these tests."""
    import jax

    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def printed_by(name, capsys):
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    return capsys.readouterr().out


def test_a_model_is_inspected_and_two_checkpoints_are_compared(capsys):
    printed = printed_by("inspect_a_model.py", capsys)
    assert "~1" in printed
    assert "after.pkl · pickle, protocol" in printed
    _, _, differing = printed.partition("values that differ")
    differing, _, _ = differing.partition("where it differs")
    changed = re.findall(r"^(\.\S+)", differing, flags=re.MULTILINE)
    # Of the MLP all arrays, and nothing of the frozen embedding.
    assert changed == [
        ".mlp.layers[0].weight",
        ".mlp.layers[0].bias",
        ".mlp.layers[1].weight",
        ".mlp.layers[1].bias",
    ]


def test_each_recompile_is_named(capsys):
    printed = printed_by("find_a_recompile.py", capsys)
    assert "learning_rate is static, and has another value: 0.1 → 0.05" in printed
    assert printed.count("model.activation is a new lambda each time") == 2
    assert "batch has another shape: [4] → [2]" in printed


def test_filtering_is_taught(capsys):
    printed = printed_by("teach_filtering.py", capsys)
    assert re.search(r"■ \.weight .*selected", printed)
    assert re.search(r"□ \.scale .*rest", printed)


@pytest.mark.parametrize("name", ["inspect_a_model", "find_a_recompile", "teach_filtering"])
def test_the_notebook_runs_and_shows_html(name):
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
    shown = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert len(shown) >= 3


def test_the_notebooks_are_those_of_the_scripts():
    tool = EXAMPLES.parent / "tools" / "make_notebooks.py"
    done = subprocess.run(
        [sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
