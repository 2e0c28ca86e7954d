"""Starting the app where it cannot be seen."""

import io
import sys

import pytest

from eqxview.errors import UsageError
from eqxview.tui.run import run_app


def test_without_a_terminal_it_never_starts_and_says_what_to_do(monkeypatch):
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    opened = []
    with pytest.raises(UsageError, match="needs a terminal") as caught:
        run_app(lambda: opened.append("read"), title="x.pkl")
    assert "--print" in caught.value.hint
    assert opened == []
