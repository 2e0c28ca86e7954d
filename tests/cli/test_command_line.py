"""The command as a user runs it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

import eqxcore as eqx
import eqxview
from eqxview.cli.main import run as run_here


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "eqxview", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def test_a_pickled_model_is_printed_where_there_is_no_terminal(model_file):
    done = run(model_file)
    assert done.returncode == 0
    assert done.stderr == ""
    first, *_ = done.stdout.splitlines()
    assert first.startswith("model.pkl · pickle, protocol ")
    assert first.endswith("safe: nothing was run")
    assert "f32[4,2]" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_lists_every_leaf_as_jax_names_it(model_file):
    model = eqx.nn.MLP(2, 3, 4, 2, key=jax.random.key(0))
    listed = json.loads(run(model_file, "--json").stdout)
    expected = [
        (
            jax.tree_util.keystr(path),
            "dynamic" if eqx.is_array(leaf) else "static leaf",
            list(leaf.shape) if eqx.is_array(leaf) else None,
            str(leaf.dtype) if eqx.is_array(leaf) else None,
        )
        for path, leaf in jax.tree_util.tree_leaves_with_path(model)
    ]
    assert [
        (leaf["path"], leaf["role"], leaf["shape"], leaf["dtype"]) for leaf in listed["leaves"]
    ] == expected
    assert listed["error"] is None
    assert ".layers[0].use_bias" in {field["path"] for field in listed["static_fields"]}


def test_the_version_is_printed():
    done = run("--version")
    assert done.stdout == f"eqxview {eqxview.__version__}\n"
    assert done.returncode == 0


def test_help_shows_commands_and_exit_codes():
    done = run("--help")
    assert done.returncode == 0
    for word in ("demo", "--json", "exit codes", "64"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 64, "no file given"),
        (("--nonsense",), 64, "unrecognized arguments"),
        (("a.pkl", "--width", "0"), 64, "whole number"),
        (("there/is/no/such.pkl",), 2, "such.pkl"),
        (("",), 2, ""),
    ],
    ids=["nothing", "unknown option", "bad width", "missing file", "empty name"],
)
def test_a_mistake_is_one_line_and_a_hint_on_stderr(arguments, code, said):
    done = run(*arguments)
    assert done.returncode == code
    assert done.stdout == ""
    message, *hint = done.stderr.splitlines()
    assert message.startswith("eqxview: ")
    assert said in message
    assert len(hint) == 1
    assert hint[0].startswith("  hint: ")


def test_a_folder_is_refused_with_a_reason(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 2
    assert "directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_pickle_shows_its_readable_part_and_exits_with_2(model_file, tmp_path):
    broken = tmp_path / "broken.pkl"
    data = model_file.read_bytes()
    broken.write_bytes(data[: len(data) * 3 // 4])
    done = run(broken)
    assert done.returncode == 2
    assert "f32[4,2]" in done.stdout
    assert done.stderr.startswith("eqxview: ")
    assert "byte" in done.stderr


def test_a_reader_that_stops_reading_is_no_error(model_file):
    done = subprocess.run(
        f"{sys.executable} -m eqxview {model_file} | head -n 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_colour_is_written_when_it_is_asked_for(model_file):
    assert "\x1b[32m" in run(model_file, "--color", "always").stdout


def test_lines_are_fitted_to_a_width_that_is_asked_for(model_file):
    lines = run(model_file, "--width", "40").stdout.splitlines()
    tree = [line for line in lines if line.startswith(("├", "│", "└"))]
    assert tree
    assert max(map(len, tree)) <= 40


def test_the_demo_builds_pickles_and_shows_a_model(tmp_path):
    saved = tmp_path / "demo.pkl"
    done = run("demo", "--save", saved)
    assert done.returncode == 0
    assert "Classifier" in done.stdout
    assert "~1" in done.stdout
    assert run(saved).returncode == 0


def test_the_demo_leaves_nothing_behind(tmp_path):
    done = run("demo", cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_the_demo_says_when_it_cannot_write(tmp_path):
    done = run("demo", "--save", tmp_path / "no" / "such" / "folder.pkl")
    assert done.returncode == 64
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "advice"),
    [
        (("{model}", "-o", "picture.pdf"), "'.pdf'", ".svg"),
        (("{model}", "-o", "no/such/folder.svg"), "cannot write", "another place"),
        (("{model}", "--formt", "json"), "--formt", "did you mean --format?"),
        (("{model}", "--view", "partition", "--filter", "-path~a"), "--filter", "--filter='-"),
        (("dif", "{model}", "{model}"), "no command 'dif'", "eqxview diff"),
        (("{model}", "{model}"), "one file at a time", "eqxview diff"),
        (("{model}", "more", "words"), "more words", "--help"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_the_likely_meaning(
    arguments, message, advice, model_file, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run_here([part.format(model=model_file) for part in arguments]) == 64
    told, hint = capsys.readouterr().err.splitlines()
    assert message in told
    assert advice in hint
    assert [path.name for path in tmp_path.iterdir() if path != model_file] == []


def test_running_the_main_file_by_its_path_is_refused_with_the_right_command():
    path = Path(eqxview.__file__).with_name("__main__.py")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "python -m eqxview" in done.stderr
    assert "Traceback" not in done.stderr
