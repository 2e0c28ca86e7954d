"""A check that fails on one of several devices, while the others wait for it.

An exception in a program on several devices would end the whole process, so nothing here raises
within one. In a process of its own: the number of devices is fixed when JAX starts.
"""

import json
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).with_name("on_two_devices.py")


@pytest.fixture(scope="module")
def process():
    return subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, timeout=110, check=True
    )


@pytest.fixture(scope="module")
def outcomes(process):
    return json.loads(process.stdout)


def test_a_program_that_passes_gives_its_result_where_it_was(outcomes):
    assert outcomes["passes"] == [0, 2, 4, 6]
    assert outcomes["shards pass"] == [0, 2, 4, 6]
    assert outcomes["is sharded"]


@pytest.mark.parametrize("name", ["eager", "shards fail", "ahead"])
def test_a_failed_check_raises(outcomes, name):
    assert outcomes[name].startswith("too big\n")


def test_it_raises_at_every_call_and_only_there(outcomes):
    assert [text.splitlines()[0] for text in outcomes["fails"]] == ["too big"] * 3
    assert outcomes["passes after"] == [-4, -2, 0, 2]


def test_where_nobody_waits_the_failure_is_logged_and_the_result_is_nan(outcomes, process):
    assert outcomes["jit"] == [None] * 4
    assert process.stderr.count("too big\n") == 1
    assert "on_two_devices.py" in process.stderr
