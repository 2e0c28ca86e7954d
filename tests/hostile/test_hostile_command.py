"""The whole command, from a cold start, under the same watch; and files that change meanwhile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from eqxview.errors import EqxviewError, UnreadableFile
from eqxview.readers import ReadOptions, open_file
from eqxview.tree.kinds import Kind
from hostile.assemble import honest
from hostile.case import MARKER, Case
from hostile.expectations import OUR_COLOURS, UNSAFE
from hostile.injection import NASTY
from hostile.table import case_named
from hostile.watching import CANARIES, HERE, OPTIONS

COLD = (
    case_named("calls", "GLOBAL of a module below a package"),
    case_named("calls", "BUILD calls the __setstate__ of the class"),
    case_named("gadgets", "gadget a JAX array rebuilt by os.system"),
    case_named("gadgets", "gadget among honest weights"),
    case_named("evasion", "the stream breaks after the call"),
    case_named("injection", "controls in a key"),
    case_named("compressed", "xz that runs code"),
    case_named("compressed", "gzip cut in the middle"),
    case_named("source hunts", "source of the canary is read and not run"),
)

# What `python -m eqxview` does, with the watch in between: from the first import on, nothing
# but Python's own modules and eqxview's may be loaded, and nothing else may happen.
_RUN = """
import sys
sys.path.insert(0, {here!r})
from watch import Watch
sys.path.pop(0)
watch = Watch(2, {roots!r}, cold=True)
sys.addaudithook(watch.hook)
watch.file = sys.argv[-1]
from eqxview.cli.main import run
code = run(sys.argv[1:])
sys.stdout.flush()
watch.file = None
sys.exit(code)
"""


@pytest.mark.parametrize("case", COLD, ids=lambda case: case.name)
def test_the_command_from_a_cold_start_does_no_more_than_read(case: Case, tmp_path: Path):
    path = case.write(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    code = _RUN.format(here=str(HERE), roots=[str(CANARIES), *filter(os.path.isdir, sys.path)])
    for face in ("print", "json"):
        done = subprocess.run(
            [sys.executable, "-c", code, *OPTIONS[face], "--", str(path)],
            cwd=work,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(CANARIES), *sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "violation" not in done.stderr
        assert done.returncode in case.codes, done.stderr
        assert "Traceback" not in done.stderr
        for words in case.shows if face == "print" else ():
            assert words in done.stdout
    assert not (work / MARKER).exists()


def _shown(path: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "eqxview", *options, "--", path],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_terminal_of_any_encoding_gets_no_traceback(encoding: str, tmp_path: Path):
    path = tmp_path / "x.pkl"
    path.write_bytes(honest(dict.fromkeys((*NASTY, "λ"), "λ ☃ é") | {"last": 7}))
    for options in (("--print",), ("--print", "--color", "always"), ("--json",)):
        done = _shown(path, *options, PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""
        stdout = OUR_COLOURS.sub("", done.stdout.decode(encoding))
        assert not UNSAFE.search(stdout)
        assert "last" in stdout


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_an_error_about_an_odd_file_name_is_one_line_in_any_encoding(encoding: str, tmp_path: Path):
    name = os.path.join(os.fsencode(tmp_path), b"\xff\x1b[2J\xc2\x9b31m\xe2\x80\xae.pkl")
    done = _shown(Path(os.fsdecode(name)), "--print", PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 2
    assert not UNSAFE.search(done.stderr.decode(encoding))


def test_a_file_that_may_not_be_read_is_refused_with_what_to_do(tmp_path: Path):
    path = tmp_path / "secret.pkl"
    path.write_bytes(honest(1))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read every file, whatever its permissions are")
    done = _shown(path, "--print")
    assert done.returncode == 2
    assert b"permission" in done.stderr.lower()


def _arrays(path: Path) -> None:
    path.write_bytes(honest({f"a{i}": numpy.full(1000, i, "f4") for i in range(100)}, 5))


def test_a_file_that_is_truncated_while_it_is_read_is_shown_in_part(tmp_path: Path, monkeypatch):
    """A memory map would die with SIGBUS."""
    path = tmp_path / "arrays.pkl"
    _arrays(path)
    size = path.stat().st_size
    reads = 0

    def pread(file: int, length: int, offset: int) -> bytes:
        nonlocal reads
        reads += 1
        if reads == 12:
            os.truncate(path, size // 3)
        return real(file, length, offset)

    real = os.pread
    monkeypatch.setattr(os, "pread", pread)
    opened = open_file(str(path), ReadOptions())
    assert reads >= 12
    assert isinstance(opened.error, UnreadableFile)
    assert 5 < len(opened.trees[0]) < 100


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.truncate(path, 200),
        lambda path: path.write_bytes(b"N."),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["truncated", "written anew", "deleted", "a device", "a pipe", "a directory"],
)
def test_the_values_of_a_file_that_has_changed_are_refused(change, tmp_path: Path):
    path = tmp_path / "arrays.pkl"
    _arrays(path)
    tree = open_file(str(path), ReadOptions()).trees[0]
    row = tree.find("['a99']")
    assert row is not None
    assert tree.values.fetch(tree, row)[0] == 99  # pyright: ignore[reportIndexIssue]
    change(path)
    with pytest.raises(EqxviewError) as refused:
        tree.values.fetch(tree, row)
    assert refused.value.hint


LIES = [
    pytest.param("array lies", name, id=name)
    for name in (
        "NumPy shape larger than its bytes",
        "NumPy shape of a billion",
        "NumPy shape beyond 64 bits",
        "NumPy zero times a huge size",
        "NumPy 10,000 dimensions of 1",
        "NumPy dtype with a huge item size",
        "NumPy dtype with 10,000 fields",
        "NumPy dtype with fields beyond the item",
        "JAX array of objects",
        "object array with too few items",
        "object array with bytes for items",
        "object array of a huge shape",
        "scalar of too few bytes",
        "_frombuffer of a lie",
        "_frombuffer of a buffer outside the file",
        "NumPy buffer of 17 bytes",
    )
]


@pytest.mark.parametrize(("family", "name"), LIES)
def test_the_value_of_an_array_that_lies_is_an_array_or_refused(
    family: str, name: str, tmp_path: Path
):
    tree = open_file(str(case_named(family, name).write(tmp_path)), ReadOptions()).trees[0]
    arrays = [row for row in range(len(tree)) if tree.kind[row] == Kind.ARRAY]
    assert arrays or tree.notes
    for row in arrays:
        try:
            value = tree.values.fetch(tree, row)
        except UnreadableFile:
            continue
        assert isinstance(value, numpy.ndarray | numpy.generic)
        assert value.nbytes < 2**20


def test_json_says_that_a_tree_was_cut(tmp_path: Path):
    path = tmp_path / "deep.pkl"
    path.write_bytes(b"\x80\x04" + b"](" * 1000 + b"N" + b"e" * 1000 + b".")
    told = json.loads(_shown(path, "--json").stdout)
    assert any("deeper" in note["note"] for note in told["notes"])
    assert "--max-nesting" in told["error"]["hint"]
