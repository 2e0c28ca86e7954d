"""Where an array is, told on four devices."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def answers():
    script = Path(__file__).with_name("devices_script.py")
    process = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.mark.parametrize(
    ("pair", "cause"),
    [
        ("device", "device"),
        ("mesh of two", "device"),
        ("sharding", "sharding"),
        ("layout", "layout"),
        ("memory", "memory-kind"),
        # The dtype alone: the shardings are written differently, and mean the same.
        ("another type in other words", "dtype"),
    ],
)
def test_the_place_that_changed_is_the_cause(answers, pair, cause):
    if pair not in answers:
        pytest.skip("this JAX has one kind of memory on a CPU")
    assert answers[pair] == [["x", cause]]


@pytest.mark.parametrize("pair", ["the same sharding", "the same sharding in other words"])
def test_the_same_place_is_no_miss(answers, pair):
    assert answers[pair] == []
