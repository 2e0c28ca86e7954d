"""`eqxview run` on a terminal: what is compiled is counted in its title, and nowhere else."""

import io
import re
import sys

import pytest
from terminals import Terminal

from eqxview.cli.main import run
from eqxview.cli.title import TitleStatus, has_title
from eqxview.watching import Compile, Difference, Seconds

SCRIPT = """\
import os
import sys

import jax
import numpy as np


@jax.jit
def step(x):
    return x + 1


print("half a line", end="", flush=True)
for size in (2, 3, 4):
    step(np.ones(size))
    os.write(1, b".")
print(" and the rest")
sys.stderr.write("an error\\n")
input()
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


def terminal(script, *options, **kwargs):
    command = [sys.executable, "-m", "eqxview", "run", *options, str(script)]
    return Terminal(command, columns=110, rows=40, **kwargs)


@pytest.mark.terminal
def test_the_title_counts_and_the_screen_is_the_programs(script):
    with terminal(script) as shown:
        shown.until(lambda: "an error" in shown.text)
        # The title is sent past all buffers: before what was printed then.
        title = shown.screen.title
        assert re.fullmatch(
            r"eqxview: 3 compiled, 2 again, \d+\.\d s · step: x \[3\] → \[4\]", title
        ), title
        assert shown.text.splitlines()[:2] == ["half a line... and the rest", "an error"]
        shown.send("\n")
        shown.until(lambda: "step compiled again" in shown.text)
        assert shown.screen.title == ""
        assert b"\x1b[22;2t" in shown.raw
        assert shown.raw.count(b"\x1b[23;2t") == 1


@pytest.mark.terminal
def test_it_can_be_switched_off(script):
    with terminal(script, "--no-status") as shown:
        shown.until(lambda: "an error" in shown.text)
        assert (shown.screen.title, b"\x1b" in shown.raw) == ("", False)


@pytest.mark.terminal
def test_recompilations_are_told_at_once_if_asked_for(script):
    with terminal(script, "--live", "--no-status") as shown:
        shown.until(lambda: "an error" in shown.text)
        text = " ".join(shown.text.split())
        assert text.count("eqxview: step compiled again (") == 2
        assert "x has another shape: [3] → [4]" in text


def test_where_there_is_no_title_nothing_is_written():
    class Screen(io.StringIO):
        def isatty(self):
            return True

    assert has_title(Screen(), {"TERM": "xterm-256color"})
    for terminal in ("dumb", "linux", ""):
        assert not has_title(Screen(), {"TERM": terminal})
    assert not has_title(io.StringIO(), {"TERM": "xterm"})


def compiled(**values):
    return Compile(
        **{
            "name": "step",
            "kind": "function",
            "number": 2,
            "seconds": Seconds(compile=1.0),
            "site": None,
            "source": None,
            "at": 0.0,
            **values,
        }
    )


def test_nothing_that_is_compiled_can_act_on_the_terminal(tmp_path):
    with (tmp_path / "terminal").open("w+") as file:
        status = TitleStatus(file)
        status.compiled(compiled(differences=(Difference("x", "shape", "\x1b]2;mine\x07", "\n"),)))
        status.compiled(compiled(kind="operation", name="add"))
        status.end()
        file.seek(0)
        text = file.read()
    shown = r"eqxview: 1 compiled, 1 again, 1.0 s · step: x \x1b]2;mine\x07 → \x0a"
    assert re.findall(r"\x1b\]2;(.*?)\x1b\\", text) == [shown, ""]
    assert text.count("\x07") == 0


def test_a_terminal_that_is_gone_is_no_error(tmp_path):
    with (tmp_path / "terminal").open("w") as file:
        status = TitleStatus(file)
    status.compiled(compiled())
    status.end()


def test_the_options_are_explained(capsys):
    with pytest.raises(SystemExit):
        run(["run", "--help"])
    told = capsys.readouterr().out
    assert "--no-status" in told
    assert "--live" in told
