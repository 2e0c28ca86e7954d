"""Files that real libraries wrote, on two days two years apart; see `real_files/make.py`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from readers.seen_trees import seen

from eqxview.readers import ReadOptions, open_file
from eqxview.tree import Role

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "tests" / "real_files"
SCRIPT = str(FOLDER / "script.py")
EXPECTED = {
    (day, name): expected
    for day in ("spring_2024", "today")
    for name, expected in json.loads((FOLDER / day / "expected.json").read_text()).items()
}
FILES = pytest.mark.parametrize("file", EXPECTED, ids="/".join)

LOST_FIELDS = {("spring_2024", "equinox_layers")}
"""Equinox has since renamed two fields of BatchNorm: their place among the others is lost."""


def path_of(file):
    day, name = file
    return str(FOLDER / day / f"{name}.pkl")


def assert_as_expected(file, shown):
    expected = EXPECTED[file]
    leaves, wanted = shown["leaves"], expected["leaves"]
    if file in LOST_FIELDS:
        leaves, wanted = (sorted(some, key=lambda leaf: leaf["path"]) for some in (leaves, wanted))
    assert leaves == wanted
    # JAX hides the static attributes of nnx objects, and we show them: there may be more.
    assert set(expected["static_fields"]) <= set(shown["static_fields"])


@FILES
def test_a_real_file_has_the_leaves_and_static_fields_of_the_live_object(file):
    opened = open_file(path_of(file), ReadOptions(source_dirs=(SCRIPT,)))
    assert opened.error is None
    assert opened.warnings == ()
    assert opened.hints == ()
    (tree,) = opened.trees
    assert_as_expected(file, seen(tree))


@pytest.fixture(scope="module")
def bare():
    """What a Python without any library sees: the checkout alone is on its import path."""
    process = subprocess.run(
        [
            sys.executable,
            "-S",
            str(Path(__file__).with_name("seen_trees.py")),
            SCRIPT,
            *map(path_of, EXPECTED),
        ],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(process.stdout)


@FILES
def test_a_real_file_is_shown_just_so_where_none_of_its_libraries_is_installed(file, bare):
    assert_as_expected(file, bare["seen"][path_of(file)])


def test_a_bare_python_loads_nothing_of_what_the_files_name(bare):
    assert bare["loaded"] == []


@pytest.mark.parametrize("day", ["spring_2024", "today"])
def test_the_roles_below_a_class_of_a_script_are_open_without_the_script(day):
    opened = open_file(path_of((day, "script_by_reference")))
    (tree,) = opened.trees
    assert tree.role[0] == Role.UNKNOWN
    assert tree.role[tree.find(".width")] == Role.UNKNOWN
    expected = {leaf["path"] for leaf in EXPECTED[day, "script_by_reference"]["leaves"]}
    assert expected - {tree.path(row) for row in tree.leaves()} == {
        # What a namedtuple's items are called stands in its class.
        ".scale.mean",
        ".scale.deviation",
    }
    (hint,) = opened.hints
    assert "Model" in hint
    assert "--source FILE.py" in hint


def test_functions_by_value_show_where_they_were_written_and_what_they_took_along():
    opened = open_file(path_of(("today", "script_functions")))
    (tree,) = opened.trees
    assert tree.value_text(tree.find("[1]")) == "<function <lambda>>"
    assert tree.type_path(tree.find("[1]")) == "__main__.main.<locals>.<lambda>"
    captured = tree.find("[1].__closure__['model'].scale.mean")
    assert tree.array_shape(captured) == (3,)
    assert Role(tree.role[captured]) == Role.INSIDE
    assert tree.value_text(tree.find("[1].__code__.co_filename")).endswith("script.py'")
