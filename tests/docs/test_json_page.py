"""`docs/json.md` names every key that is written, and no other."""

import json
import re
from pathlib import Path

import pytest

from eqxview.cli.main import run
from eqxview.render.page_json import SCHEMA

PAGE = (Path(__file__).parent.parent.parent / "docs" / "json.md").read_text(encoding="utf-8")


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
