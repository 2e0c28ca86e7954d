"""Every limit of reading is a flag, and every flag moves its limit."""

import pickle

import numpy as np
import pytest

import eqxcore
from eqxview.cli.limits import add_limit_options, limits_from
from eqxview.cli.main import run
from eqxview.cli.parsing import Parser
from eqxview.errors import EXIT_OK, EXIT_UNREADABLE
from eqxview.limits import Limits


def parsed(*arguments):
    parser = Parser()
    add_limit_options(parser)
    return limits_from(parser.parse_args(arguments))


def test_without_flags_the_limits_are_the_defaults():
    assert parsed() == Limits()


@pytest.mark.parametrize("field", Limits._fields)
def test_each_limit_has_a_flag(field):
    assert getattr(parsed(f"--max-{field}", "12_345"), field) == 12_345


@pytest.mark.parametrize(
    ("flag", "said"),
    [("--max-nodes", "first 3 nodes"), ("--max-nesting", "deeper than 3 levels")],
)
def test_a_tree_is_cut_where_the_flag_says_and_the_file_counts_as_read_in_part(
    flag, said, tmp_path, capsys
):
    """A script must not take the first nodes for the whole model."""
    path = tmp_path / "deep.pkl"
    path.write_bytes(pickle.dumps([[[[[[1]]]]]]))
    assert run([str(path), "--print", flag, "3"]) == EXIT_UNREADABLE
    shown = capsys.readouterr()
    assert said in shown.out
    assert "shown only in part" in shown.err
    assert f"{flag} 6" in shown.err


@pytest.mark.parametrize("flag", ["--max-nodes", "--max-nesting"])
def test_a_tree_that_a_limit_just_fits_is_whole(flag, tmp_path, capsys):
    path = tmp_path / "deep.pkl"
    path.write_bytes(pickle.dumps([[[[[[1]]]]]]))
    assert run([str(path), "--print", flag, "7"]) == EXIT_OK
    assert capsys.readouterr().err == ""


def test_objects_behind_the_last_that_is_shown_make_a_file_read_in_part(tmp_path, capsys):
    path = tmp_path / "three.pkl"
    path.write_bytes(b"".join(map(pickle.dumps, (1, 2, 3))))
    assert run([str(path), "--print", "--max-objects", "3"]) == EXIT_OK
    capsys.readouterr()
    assert run([str(path), "--print", "--max-objects", "2"]) == EXIT_UNREADABLE
    assert "more than 2 pickles" in (error := capsys.readouterr().err)
    assert "--max-objects 4" in error


@pytest.mark.parametrize("suffix", [".eqx", ".npy.eqx"])
def test_arrays_behind_the_last_that_is_shown_make_a_file_read_in_part(suffix, tmp_path, capsys):
    path = tmp_path / f"model{suffix}"
    model = [np.zeros(2, np.float32)] * 5
    if suffix == ".eqx":
        eqxcore.save(path, model)
    else:
        eqxcore.tree_serialise_leaves(path, model)
    assert run([str(path), "--print", "--max-nodes", "6"]) == EXIT_OK
    assert capsys.readouterr().err == ""
    assert run([str(path), "--print", "--max-nodes", "3"]) == EXIT_UNREADABLE
    assert "--max-nodes" in capsys.readouterr().err


def test_two_files_that_were_cut_are_not_called_equal(tmp_path, capsys):
    """What differs may lie behind the cut."""
    for name in "ab":
        (tmp_path / name).write_bytes(pickle.dumps([1, 2, 3, name]))
    paths = [str(tmp_path / name) for name in "ab"]
    assert run(["diff", *paths, "--print", "--max-nodes", "3"]) == EXIT_UNREADABLE
    assert "--max-nodes 6" in capsys.readouterr().err
