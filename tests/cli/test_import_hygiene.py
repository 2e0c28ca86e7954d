"""What may be loaded when: importing is most of what a short command costs."""

import json
import subprocess
import sys

import pytest

HEAVY = ("jax", "jaxlib", "numpy", "rich", "textual", "graphviz", "pickle", "ast")


def loaded_after(code, *arguments):
    """The heavy modules that a fresh process has loaded after `code`."""
    report = f"""
import sys, json
try:
    {code}
except SystemExit:
    pass
print("LOADED", json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    process = subprocess.run(
        [sys.executable, "-c", report, *arguments], capture_output=True, text=True, check=True
    )
    return json.loads(process.stdout.rpartition("LOADED ")[2])


def command(*arguments):
    return f"from eqxview.cli.main import run; run({list(arguments)!r})"


@pytest.mark.parametrize(
    "code",
    ["import eqxview", command("--version"), command("--help"), command()],
    ids=["import eqxview", "--version", "--help", "no file"],
)
def test_nothing_heavy_is_loaded_without_a_file(code):
    assert loaded_after(code) == []


@pytest.mark.parametrize("option", ["--print", "--json"])
def test_a_pickle_is_shown_without_jax_numpy_or_textual(option, model_file):
    assert set(loaded_after(command(str(model_file), option))) <= {"ast"}


def test_a_live_tree_needs_neither_textual_nor_rich():
    loaded = loaded_after("from eqxview import tree_of; tree_of({'a': 1})")
    assert not {"textual", "rich", "jax"} & set(loaded)


def test_eqxcore_needs_nothing_of_eqxview():
    process = subprocess.run(
        [
            sys.executable,
            "-c",
            "import eqxcore, sys; print([m for m in sys.modules if m.startswith('eqxview')])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "[]"


def test_the_guard_notices_a_heavy_import():
    assert loaded_after("import numpy") != []


def test_eqxview_inspect_is_our_subpackage_and_not_pythons_module():
    process = subprocess.run(
        [sys.executable, "-c", "import eqxview, eqxview.inspect as i; print(i.__name__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "eqxview.inspect"
