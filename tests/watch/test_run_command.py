"""`eqxview run`: the program runs as with `python`, and what was compiled is told at its end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eqxview.cli.main import run
from eqxview.watching import Log

TRAINING = """\
import os
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"  # read when JAX is imported, not later

import jax
import numpy as np

import helper

assert jax.config.jax_enable_x64, "JAX was imported before the program set its variables"
assert __name__ == "__main__" and sys.argv == ["train.py", "--steps", "2"], sys.argv


@jax.jit
def train_step(x):
    return helper.twice(x)


for size in (2, 3):
    train_step(np.ones(size))
print("trained")
sys.exit(7)
"""


def eqxview(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    return subprocess.run(
        [sys.executable, "-m", "eqxview", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("training")
    (folder / "train.py").write_text(TRAINING)
    (folder / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
    done = eqxview("run", "--log", "log.json", "train.py", "--steps", "2", cwd=folder)
    return done, folder / "log.json"


def test_the_exit_code_and_the_output_are_the_programs_own(trained):
    done, _ = trained
    assert (done.returncode, done.stdout) == (7, "trained\n"), done.stderr


def test_what_was_compiled_and_why_is_told_on_standard_error(trained):
    done, _ = trained
    assert "train_step compiled again once, " in done.stderr
    assert ", at train.py:22: x has another shape: [2] → [3]\n" in done.stderr


def test_no_line_is_wider_than_a_page_where_there_is_no_terminal(trained):
    done, _ = trained
    assert max(map(len, done.stderr.splitlines())) <= 100


def test_the_log_that_is_written_can_be_read(trained):
    _, path = trained
    log = Log.from_json(path.read_text())
    assert [(miss.name, miss.differences[0].path) for miss in log.misses] == [("train_step", "x")]
    assert log.is_explained


def test_a_traceback_is_the_programs_own(tmp_path: Path):
    (tmp_path / "fails.py").write_text("def go():\n    raise ValueError('no data')\n\ngo()\n")
    plain = subprocess.run(
        [sys.executable, "fails.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    ours = eqxview("run", "fails.py", cwd=tmp_path)
    assert ours.returncode == plain.returncode == 1
    assert ours.stderr.startswith(plain.stderr.replace(f"{tmp_path}{os.sep}", ""))


def test_a_program_without_jax_is_told_so(tmp_path: Path):
    (tmp_path / "empty.py").write_text("print('done')\n")
    done = eqxview("run", "empty.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert "did not import JAX" in done.stderr


def test_a_message_as_exit_code_is_printed_and_is_one(tmp_path: Path):
    (tmp_path / "stops.py").write_text("raise SystemExit('no such file')\n")
    done = eqxview("run", "stops.py", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("no such file\n")


def test_a_module_runs_as_with_python_m(tmp_path: Path):
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "__main__.py").write_text("import sys\nprint(__package__, sys.argv[1:])\n")
    done = eqxview("run", "-m", "job", "-x", "1", cwd=tmp_path)
    assert done.stdout == "job ['-x', '1']\n", done.stderr


def test_json_goes_to_standard_error_too(tmp_path: Path):
    (tmp_path / "one.py").write_text("import jax\njax.jit(lambda x: x + 1)(1.0)\n")
    done = eqxview("run", "--json", "one.py", cwd=tmp_path)
    assert done.stdout == ""
    assert json.loads(done.stderr)["compiles"][0]["name"] == "<lambda>"


def test_no_program_is_a_wrong_command_line(capsys: pytest.CaptureFixture[str]):
    assert run(["run"]) == 64
    assert "eqxview run train.py" in capsys.readouterr().err


def test_a_program_that_is_not_there_is_told_in_one_line(capsys: pytest.CaptureFixture[str]):
    assert run(["run", "absent.py"]) == 64
    assert capsys.readouterr().err.count("\n") <= 2
