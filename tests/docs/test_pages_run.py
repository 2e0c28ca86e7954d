"""What the pages show is what happens: each is run from top to bottom, in one namespace.

`EQXVIEW_UPDATE_GOLDENS=1 python -m pytest tests/docs` writes what happens into the pages.
"""

import os
import re
from pathlib import Path

import pytest
from page_programs import Program, programs_of, run, with_outputs

DOCS = Path(__file__).parents[2] / "docs"
UPDATE = bool(os.environ.get("EQXVIEW_UPDATE_GOLDENS"))
PAGES = [page for page in sorted(DOCS.glob("*.md")) if programs_of(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # pages write files
    namespace = {"__name__": f"docs_{page.stem.replace('-', '_')}"}
    outputs = []
    for program in programs_of(page):
        outputs.append(run(program, namespace, page.name))
        if not UPDATE:
            assert outputs[-1] == program.output, f"line {program.line}"
    if UPDATE:
        page.write_text(with_outputs(page, outputs), encoding="utf-8")


def test_a_program_that_prints_something_else_or_raises_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n```python\nprint(1)\n1 / 0\n```\n\n```text\n2\n```\n\n```python\nx = 3\n```\n"
    )
    first, second = programs_of(page)
    assert first == Program(4, "print(1)\n1 / 0\n", "2\n")
    assert run(first, {}, "page") == "1\nZeroDivisionError: division by zero\n"
    assert (second.output, run(second, {}, "page")) == ("", "")


def test_every_page_is_in_the_table_of_pages():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in DOCS.glob("*.md") if f"]({page.name})" not in index]
    assert missing == ["README.md"]


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\((?!https?://)([^)#]+)", prose):
        assert (page.parent / link).exists(), link
