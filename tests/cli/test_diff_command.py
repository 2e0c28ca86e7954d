import json
import pickle
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxview.cli.main import run


def saved(pytree, path):
    path.write_bytes(pickle.dumps(pytree))
    return str(path)


@pytest.fixture
def files(tmp_path):
    """A model; the same again; and one whose bias was changed."""
    model = eqx.nn.Linear(2, 3, key=jax.random.key(0))
    changed = eqx.tree_at(lambda m: m.bias, model, model.bias + 1)
    return [
        saved(pytree, tmp_path / name)
        for pytree, name in ((model, "a.pkl"), (model, "same.pkl"), (changed, "b.pkl"))
    ]


def test_equal_files_end_in_0(files, capsys):
    a, same, _ = files
    assert run(["diff", a, same]) == 0
    assert "equal: structure, types, shapes, static values" in capsys.readouterr().out


def test_files_that_differ_end_in_4_and_say_where(files, capsys):
    a, _, b = files
    assert run(["diff", a, b]) == 4
    out = capsys.readouterr().out
    assert "different in 1 place" in out
    assert "value max |Δ| 1" in out


def test_the_whole_answer_is_in_json(files, capsys):
    a, _, b = files
    assert run(["diff", a, b, "--json"]) == 4
    answer = json.loads(capsys.readouterr().out)
    assert answer["view"] == "diff"
    (document,) = answer["documents"]
    structure, numbers = (part for part in document["parts"] if part["kind"] == "table")
    assert structure["rows"] == []
    names = [column["name"] for column in numbers["columns"]]
    (row,) = numbers["rows"]
    told = dict(zip(names, row, strict=True))
    assert (told["path"], told["array"], told["differing"]) == (".bias", "f32[3]", 3)
    assert told["max |Δ|"] == pytest.approx(1, rel=1e-6)


def test_what_was_not_compared_ends_in_5_unless_nobody_wanted_it(files, capsys):
    a, same, _ = files
    assert run(["diff", a, same, "--max-bytes", "1"]) == 5
    assert run(["diff", a, same, "--no-values"]) == 0
    assert "values not compared (2 pairs of arrays)" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_ends_in_2(files, capsys):
    a = files[0]
    assert run(["diff", a, a + ".none"]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_a_file_that_breaks_off_ends_in_2_and_what_is_there_is_compared(files, tmp_path, capsys):
    a = files[0]
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(Path(a).read_bytes()[:-40])
    assert run(["diff", a, str(broken)]) == 2
    streams = capsys.readouterr()
    assert "different in" in streams.out
    assert "eqxview: " in streams.err


def test_another_number_of_objects_is_a_difference(files, tmp_path, capsys):
    a = files[0]
    two = tmp_path / "two.pkl"
    two.write_bytes(Path(a).read_bytes() + pickle.dumps(1))
    assert run(["diff", a, str(two)]) == 4
    assert "the first file holds 1 object, the second 2" in capsys.readouterr().out


def test_the_output_file_is_in_the_format_of_its_suffix(files, tmp_path, capsys):
    a, _, b = files
    path = tmp_path / "answer.json"
    assert run(["diff", a, b, "-o", str(path)]) == 4
    assert capsys.readouterr().out == ""
    assert json.loads(path.read_text())["view"] == "diff"


@pytest.mark.parametrize("arguments", [[], ["one.pkl"], ["a", "b", "--format", "none"]])
def test_a_wrong_command_line_ends_in_64(arguments, capsys):
    assert run(["diff", *arguments]) == 64
    assert "eqxview: " in capsys.readouterr().err


def test_structures_are_compared_without_jax_or_numpy(files):
    a, _, b = files
    code = (
        "import sys; from eqxview.cli.main import run; "
        f"run(['diff', {a!r}, {b!r}, '--no-values']); "
        "print('LOADED', [m for m in ('jax', 'numpy', 'textual', 'rich') if m in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.rpartition("LOADED ")[2].strip() == "[]"


def test_names_of_files_cannot_act_on_the_screen(tmp_path, capsys):
    path = saved({"a": jnp.zeros(2)}, tmp_path / "evil\x1b[2J.pkl")
    other = saved({"a": jnp.ones(2)}, tmp_path / "b.pkl")
    assert run(["diff", path, other, "--color", "never"]) == 4
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "evil\\x1b[2J.pkl" in out
