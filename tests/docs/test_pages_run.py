"""What the pages show is what happens: each is run from top to bottom, in one namespace."""

from pathlib import Path

import pytest
from page_programs import Program, programs_of, run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [page for page in sorted(DOCS.glob("*.md")) if programs_of(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # pages write files
    namespace = {"__name__": f"docs_{page.stem.replace('-', '_')}"}
    for program in programs_of(page):
        assert run(program, namespace, page.name) == program.output, f"line {program.line}"


def test_a_program_that_prints_something_else_or_raises_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n```python\nprint(1)\n1 / 0\n```\n\n```text\n2\n```\n\n```python\nx = 3\n```\n"
    )
    first, second = programs_of(page)
    assert first == Program(4, "print(1)\n1 / 0\n", "2\n")
    assert run(first, {}, "page") == "1\nZeroDivisionError: division by zero\n"
    assert (second.output, run(second, {}, "page")) == ("", "")


def test_the_pages_of_a_topic_have_programs():
    assert {page.stem for page in PAGES} >= {"differences"}
