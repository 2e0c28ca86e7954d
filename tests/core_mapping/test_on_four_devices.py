"""What needs several devices: the cases in `on_devices/`, run once in a process of their own."""

import ast
import json
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent / "on_devices"

NAMES = [
    f"{file.stem}: {node.name}"
    for file in sorted(HERE.glob("*_cases.py"))
    for node in ast.parse(file.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
]


@pytest.fixture(scope="module")
def failures():
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "run.py")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", NAMES)
def test_on_four_devices(failures, name):
    assert name not in failures, failures[name]


def test_the_cases_are_there():
    assert len(NAMES) > 20
