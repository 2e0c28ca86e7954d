"""Libraries that are built on Equinox run on eqxcore, and compute the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("diffrax", reason="needs diffrax, which also installs lineax and optimistix")

SCRIPT = Path(__file__).with_name("downstream_programs.py")
NAMES = [
    "ode",
    "implicit_ode_of_a_batch",
    "ode_without_enough_steps",
    "linear_solves",
    "linear_function",
    "root",
    "least_squares",
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results():
    """Of every program, with Equinox and with eqxcore, in processes of their own."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2]), "JAX_PLATFORMS": "cpu"}
    running = {
        module: subprocess.Popen(
            [sys.executable, SCRIPT, module],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for module in ("equinox", "eqxcore")
    }
    found = {}
    for module, process in running.items():
        out, err = process.communicate()
        assert process.returncode == 0, err[-3000:]
        found[module] = json.loads(out.splitlines()[-1])
    return found


@pytest.mark.timeout(600)  # the first of them waits for all programs of both
@pytest.mark.parametrize("name", NAMES)
def test_a_program_computes_what_it_does_with_equinox(results, name):
    (structure, expected), (our_structure, found) = (
        results[module]["results"][name] for module in ("equinox", "eqxcore")
    )
    assert our_structure == structure
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        if isinstance(b, (bool, str)):
            assert a == b
        else:
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_every_program_is_compared(results):
    assert list(results["eqxcore"]["results"]) == NAMES
    # They did run on eqxcore.
    assert results["eqxcore"]["modules"] > 50
