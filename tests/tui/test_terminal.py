"""The command on a real terminal: it starts, quits, resizes, and leaves nothing behind."""

import os
import pickle
import shutil
import subprocess
import sys
import termios

import pytest
from terminals import Terminal

pytestmark = pytest.mark.terminal

EQXVIEW = [sys.executable, "-m", "eqxview"]


@pytest.fixture
def small_file(tmp_path):
    path = tmp_path / "small.pkl"
    path.write_bytes(pickle.dumps({"alpha": [1, 2, 3], "beta": {"gamma": None}}))
    return str(path)


def mode(terminal):
    """What of the terminal's settings a raw mode changes."""
    attributes = termios.tcgetattr(terminal.terminal)
    return attributes[:4]


def test_it_shows_the_file_and_leaves_the_terminal_as_it_was(small_file):
    with Terminal([*EQXVIEW, small_file]) as terminal:
        before = mode(terminal)
        terminal.until_shown("['beta']")
        assert mode(terminal) != before
        terminal.until_shown("[safe: nothing was run]")
        terminal.send("j")
        terminal.until_shown("2/")
        terminal.send("q")
        assert terminal.wait() == 0
        assert mode(terminal) == before
        # The alternate screen, the mouse and bracketed paste are off, the cursor is on again.
        for on, off in ((b"1049h", b"1049l"), (b"1000h", b"1000l"), (b"2004h", b"2004l")):
            assert terminal.raw.rfind(b"\x1b[?" + on) < terminal.raw.rfind(b"\x1b[?" + off)
        assert terminal.raw.rfind(b"\x1b[?25l") < terminal.raw.rfind(b"\x1b[?25h")


def test_it_follows_the_terminals_size_whatever_the_environment_says(small_file):
    # Exported by a shell that stood in another window: Textual would believe them.
    stale = {"COLUMNS": "31", "LINES": "7"}
    with Terminal([*EQXVIEW, small_file], environ=stale) as terminal:
        terminal.until_shown("['beta']")
        terminal.until(lambda: terminal.screen.display[23].rstrip().endswith("/7"))
        terminal.resize(120, 40)
        terminal.until(lambda: terminal.screen.display[39].rstrip().endswith("/7"))
        terminal.send("q")
        assert terminal.wait() == 0


def test_a_file_that_breaks_off_is_shown_and_ends_with_exit_code_2(tmp_path):
    path = tmp_path / "cut.pkl"
    path.write_bytes(pickle.dumps({"alpha": [1, 2, 3], "beta": "x" * 1000})[:-500])
    with Terminal([*EQXVIEW, str(path)]) as terminal:
        terminal.until_shown("! ")
        terminal.until_shown("/ find")
        terminal.send("q")
        assert terminal.wait() == 2
        assert "eqxview: " in terminal.text
        assert "Traceback" not in terminal.raw.decode(errors="replace")


def test_a_file_that_is_not_there_is_told_in_one_line_without_a_screen(tmp_path):
    with Terminal([*EQXVIEW, str(tmp_path / "missing.pkl")]) as terminal:
        assert terminal.wait() == 2
        assert b"eqxview: " in terminal.raw
        assert b"Traceback" not in terminal.raw
        assert b"\x1b[?1049h" not in terminal.raw


def test_a_view_and_a_filter_are_on_at_once_and_ctrl_c_ends_as_an_interrupt(small_file):
    asked = ["--view", "partition", "--filter", "path~beta"]
    with Terminal([*EQXVIEW, small_file, *asked]) as terminal:
        before = mode(terminal)
        terminal.until_shown("filter: path~beta")
        terminal.until_shown("['beta']")
        terminal.send("\x03")
        assert terminal.wait() == 130
        assert mode(terminal) == before


def test_two_files_open_at_their_difference(small_file, tmp_path):
    other = tmp_path / "other.pkl"
    other.write_bytes(pickle.dumps({"alpha": [1, 2, 4], "beta": {"gamma": None}}))
    with Terminal([*EQXVIEW, "diff", small_file, str(other)]) as terminal:
        terminal.until_shown("different in 1 place")
        terminal.until_shown("['alpha']")
        terminal.send("q")
        assert terminal.wait() == 0


def test_a_compile_log_opens_at_what_was_compiled(tmp_path):
    from eqxview.watching import Compile, Log, Seconds

    compile = Compile("train_step", "function", 1, Seconds(0.1, 0.2, 0.3), None, None, at=1.0)
    path = tmp_path / "log.json"
    path.write_text(Log(compiles=(compile,), seconds=2.0).to_json())
    with Terminal([*EQXVIEW, str(path)]) as terminal:
        terminal.until_shown("── Cache ──")
        terminal.until_shown("train_step")
        terminal.send("q")
        assert terminal.wait() == 0


def test_with_stderr_elsewhere_the_app_does_not_start(small_file, tmp_path):
    # Textual draws on stderr: `2>log` would leave the screen blank.
    with (
        (tmp_path / "log").open("wb") as log,
        Terminal([*EQXVIEW, small_file], stderr=log) as terminal,
    ):
        assert terminal.wait() == 0
        assert b"\x1b[?1049h" not in terminal.raw
        assert "['beta']" in terminal.text


def test_names_that_act_on_terminals_are_shown_and_do_nothing(tmp_path):
    path = tmp_path / "hostile.pkl"
    keys = ["\x1b[2J\x1b]0;owned\x07", "[/nope] [bold red]", "\u202egpj.exe", "$(reboot)`id`"]
    path.write_bytes(pickle.dumps(dict.fromkeys(keys, "\x9b31m [link=x]")))
    with Terminal([*EQXVIEW, str(path)], columns=120) as terminal:
        terminal.until_shown("[bold red]")
        assert "[/nope]" in terminal.text
        assert "\\x1b[2J" in terminal.text
        assert "\\u202e" in terminal.text
        terminal.send("jyjyjyjy/nope")
        terminal.until_shown("/nope")
        terminal.send("\r:")
        terminal.until_shown("Search for commands")
        terminal.send("\x1b")
        terminal.until(lambda: "Search for commands" not in terminal.text)
        terminal.send("q")
        assert terminal.wait() == 0
        assert b"owned\x07" not in terminal.raw
        assert "\u202e" not in terminal.raw.decode(errors="replace")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_in_tmux_it_starts_at_the_panes_size_and_gives_the_shell_back(small_file, tmp_path):
    def tmux(*arguments):
        command = ["tmux", "-S", str(tmp_path / "socket"), "-f", os.devnull, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def shown_soon(text):
        import time

        end = time.monotonic() + 60
        while text not in (screen := tmux("capture-pane", "-p", "-t", "test")):
            assert time.monotonic() < end, screen
            time.sleep(0.05)
        return screen

    shell = f"COLUMNS=200 LINES=50 {' '.join(EQXVIEW)} {small_file}; echo ended with $?; cat"
    tmux("new-session", "-d", "-s", "test", "-x", "60", "-y", "15", shell)
    try:
        screen = shown_soon("['beta']")
        assert len(screen.rstrip("\n").splitlines()) == 15
        assert max(map(len, screen.splitlines())) <= 60
        tmux("send-keys", "-t", "test", "z", "M", "/gamma")
        shown_soon("['gamma']")
        tmux("send-keys", "-t", "test", "Enter", "q")
        shown_soon("ended with 0")
    finally:
        tmux("kill-server")
