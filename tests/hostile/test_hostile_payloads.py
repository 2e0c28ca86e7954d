"""The payloads are live, and the watch bites: otherwise the corpus would show nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hostile.case import CANARY, MARKER, Case
from hostile.expectations import UNSAFE
from hostile.injection import NASTY
from hostile.table import FAMILIES
from hostile.watching import CANARIES, HERE

LIVE: list[Case] = [case for cases in FAMILIES.values() for case in cases if case.executes]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="every load is a fork of one process")
def test_the_usual_way_runs_what_these_files_name(tmp_path: Path):
    work = tmp_path / "work"
    work.mkdir()
    files = []
    for number, case in enumerate(LIVE):
        path = tmp_path / f"{number}.pkl"
        path.write_bytes(case.bytes())
        files.append((case.name, str(path), case.executes))
    manifest = tmp_path / "manifest.json"
    modules = ("numpy", "numpy.f2py.crackfortran", "numpy.testing", "cloudpickle", "jax")
    plan = {"marker": MARKER, "canary": CANARY, "modules": modules, "files": files}
    manifest.write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", str(HERE / "live.py"), str(manifest)],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(CANARIES)},
        capture_output=True,
        text=True,
        check=True,
    )
    idle = json.loads(done.stdout.splitlines()[-1])
    assert idle == []
    assert len(LIVE) > 100


DEEDS = {
    "a command": "os.system('true')",
    "a process": "subprocess.run(['true'])",
    "an import": "import eqxview_canary",
    "an import of the standard library": "import this",
    "a file for writing": "open('made', 'w')",
    "another file": "open('/etc/hostname')",
    "another file through the os": "os.open('/etc/hostname', os.O_RDONLY)",
    "a folder": "os.mkdir('made')",
    "a socket": "_socket.socket()",
    "eval": "eval('1 + 1')",
    "exec": "exec('1')",
    "pickle": "pickle.loads(b'\\x80\\x04cos\\nsystem\\n.')",
    "ctypes": "ctypes.CDLL(None)",
    "code made from nothing": "compile('1', 'x', 'exec')",
    "a deletion": "os.remove('nothing')",
    "another folder's names": "os.listdir('/')",
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
def test_the_watch_kills_a_process_that_does_more_than_read(deed: str, tmp_path: Path):
    # The deeds are wrapped in a function: compiling them is not what is watched.
    code = f"""
import _socket, ctypes, os, pickle, subprocess, sys
sys.path.insert(0, {str(HERE)!r})
from watch import Watch
sys.path.pop(0)
watch = Watch(1, {[str(CANARIES)]!r}, cold=False)
sys.addaudithook(watch.hook)
def deed():
    {deed}
watch.file = __file__ = "x.pkl"
deed()
watch.file = None
print("survived")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CANARIES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 97, done.stdout + done.stderr
    assert "violation" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_watch_lets_the_file_and_the_source_of_classes_be_read(tmp_path: Path):
    path = tmp_path / "x.pkl"
    path.write_bytes(b"N.")
    code = f"""
import ast, os, sys
sys.path.insert(0, {str(HERE)!r})
from watch import Watch
watch = Watch(1, {[str(CANARIES)]!r}, cold=False)
sys.addaudithook(watch.hook)
def deed():
    with open({str(path)!r}, "rb") as file:
        file.read()
    os.listdir({str(CANARIES)!r})
    with open({str(CANARIES / "eqxview_canary.py")!r}, "rb") as file:
        ast.parse(file.read())
watch.file = {str(path)!r}
deed()
watch.file = None
print("survived")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "survived\n", done.stdout + done.stderr


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_the_check_for_control_characters_finds_every_kind(text: str):
    assert text == "a\nb" or UNSAFE.search(text)
