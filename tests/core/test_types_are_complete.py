"""Every public name of eqxcore has a known type, down to the attributes of its classes.

Whoever checks strictly would otherwise see `Unknown` wherever their program touches us.
"""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("pyright", reason="types are checked where pyright is installed")

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_public_type_is_known():
    # Pyright looks for packages where Python would, and not where an editable install points.
    packages = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pyright",
            "--verifytypes",
            "eqxcore",
            "--ignoreexternal",
            "--outputjson",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=110,
    )
    report = json.loads(run.stdout)["typeCompleteness"]
    incomplete = {
        symbol["name"]: [found["message"] for found in symbol["diagnostics"]]
        for symbol in report["symbols"]
        if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]
    }
    assert incomplete == {}
    assert report["completenessScore"] == 1
    assert {module["name"] for module in report["modules"]} >= {"eqxcore", "eqxcore.nn"}
