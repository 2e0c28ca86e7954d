"""Through public JAX alone, the cache tells the same."""

import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def test_the_tests_of_the_cache_pass():
    files = [HERE / "test_jit_cache_handle.py", HERE / "test_max_compiles.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *files],
        cwd=HERE.parent.parent,
        env={**os.environ, "EQXCORE_PUBLIC_JAX": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed", done.stdout)
