"""`docs/json.md` names every key that is written, and no other."""

import json
import re
from pathlib import Path

import pytest

from eqxview.cli.main import run
from eqxview.render.page_json import SCHEMA
from eqxview.watching import Compile, Constant, Difference, Log, Seconds, Site, Stale

PAGE = (Path(__file__).parent.parent.parent / "docs" / "json.md").read_text(encoding="utf-8")

_SITE = Site("train.py", 3, "main")
_DIFFERENCE = Difference("x", "shape", "[2]", "[3]", _SITE)
_COMPILE = Compile(
    name="step",
    kind="function",
    number=2,
    seconds=Seconds(0.1, 0.1, 0.1),
    site=_SITE,
    source=_SITE,
    at=1.0,
    differences=(_DIFFERENCE,),
    constants=(Constant("<function>.w", "f32[2]", 8, "w", "closure"),),
)
_STALE = Stale("step", _SITE, 1.0, (_DIFFERENCE,))


@pytest.fixture
def answer(model_file, capsys):
    assert run([str(model_file), "--json", "--view", "partition"]) == 0
    return json.loads(capsys.readouterr().out)


def documented(heading, end):
    """The keys in the first column of the table between two texts."""
    _, _, rest = PAGE.partition(heading)
    table, _, _ = rest.partition(end)
    rows = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


def test_the_keys_of_an_answer_are_those_of_the_page(answer):
    assert set(answer) == documented("of this form:", "A **leaf**")


def test_the_keys_of_a_leaf_are_those_of_the_page(answer):
    assert set(answer["leaves"][0]) == documented("A **leaf**", "A **document**")
    assert set(answer["static_fields"][0]) == set(answer["leaves"][0])


def test_the_kinds_of_part_are_those_of_the_page(answer):
    kinds = {part["kind"] for document in answer["documents"] for part in document["parts"]}
    assert kinds <= documented("A **document**", "Values are")


def test_the_version_is_that_of_the_page(answer):
    assert answer["schema"] == SCHEMA
    assert f"version of this page: {SCHEMA}." in PAGE


def test_the_keys_of_a_log_of_compilations_are_those_of_the_page():
    log = json.loads(Log((_COMPILE,), stale=(_STALE,)).to_json())
    assert set(log) == documented("## The log of compilations", "A **program**")
    (compile,) = log["compiles"]
    assert set(compile) == documented("A **program**", "A **cause**")
    _, _, page = PAGE.partition("## The log of compilations")
    parts = [compile["seconds"], compile["site"], compile["differences"][0], log["stale"][0]]
    for key in {key for part in [*parts, compile["constants"][0]] for key in part}:
        assert f"`{key}`" in page
