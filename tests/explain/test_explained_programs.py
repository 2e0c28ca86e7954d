"""Explanations where programs run: of devices, below a traceback, in a notebook."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

PROGRAM = """
import jax

def train():
    old, new = {"w": 1.0, "b": 2.0}, {"w": 1.0}
    jax.tree.map(lambda a, b: a, old, new)

train()
"""


def run(*arguments, **environment):
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_arrays_on_different_devices_are_told_the_few_first():
    flags = "--xla_force_host_platform_device_count=2"
    done = run(HERE / "devices_script.py", XLA_FLAGS=flags)
    assert done.stdout == "explained\n", done.stderr


def test_run_says_below_the_traceback_what_the_error_is_about(tmp_path):
    program = tmp_path / "train.py"
    program.write_text(PROGRAM)
    done = run("-m", "eqxview", "run", program)
    assert done.returncode == 1
    traceback, _, rest = done.stderr.partition("── Why it failed ──")
    assert "ValueError" in traceback
    assert "✗ old and new do not have one structure: they differ in 1 place" in rest
    assert "train.py:6" in rest
    assert "── Jit cache ──" in rest


def test_run_says_nothing_more_of_an_error_that_it_does_not_know(tmp_path):
    program = tmp_path / "train.py"
    program.write_text("import jax\n1 / 0\n")
    done = run("-m", "eqxview", "run", program)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "Why it failed" not in done.stderr


def test_the_magic_explains_the_last_error_of_the_notebook(capsys):
    shells = pytest.importorskip(
        "IPython.core.interactiveshell", reason="IPython is an extra: eqxview[notebook]"
    )
    shell = shells.InteractiveShell()
    shell.run_line_magic("load_ext", "eqxview")
    shell.run_cell("import jax\nold, new = {'w': 1.0}, {'v': 1.0}")
    shell.run_cell("jax.tree.map(lambda a, b: a, old, new)")
    report = shell.run_line_magic("explain", "")
    assert report.kind == "tree-structure"
    assert report.sides == ("old", "new")
    shell.run_cell("step = jax.jit(lambda x: x)")
    assert shell.run_line_magic("explain", "step").name == "<lambda>"
    capsys.readouterr()
