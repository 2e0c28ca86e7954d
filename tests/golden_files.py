"""Answers kept as files with their real suffix, and read in review like code.

`EQXVIEW_UPDATE_GOLDENS=1 python -m pytest tests/...` writes them anew.
"""

import os
from pathlib import Path

GOLDENS = Path(__file__).with_name("goldens")


def check_golden(name, text):
    """Assert that `text` is what the golden file called `name` holds."""
    path = GOLDENS / name
    if os.environ.get("EQXVIEW_UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "no golden yet: EQXVIEW_UPDATE_GOLDENS=1 writes it"
    assert text == path.read_text(encoding="utf-8")
