"""Every limit of reading is a flag, and every flag moves its limit."""

import pickle

import pytest

from eqxview.cli.limits import add_limit_options, limits_from
from eqxview.cli.main import run
from eqxview.cli.parsing import Parser
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
def test_a_tree_is_cut_where_the_flag_says(flag, said, tmp_path, capsys):
    path = tmp_path / "deep.pkl"
    path.write_bytes(pickle.dumps([[[[[[1]]]]]]))
    assert run([str(path), "--print", flag, "3"]) == 0
    assert said in capsys.readouterr().out
