"""Documents as text: every kind of part, and what happens where there is little room."""

import pytest

from eqxview.document import (
    Bar,
    Bars,
    Column,
    Document,
    Fact,
    Facts,
    Mark,
    MarkColumn,
    Note,
    Outline,
    Table,
)
from eqxview.render.ansi import COLOURED
from eqxview.render.document_text import bar_text, document_lines
from eqxview.render.values import value_text
from eqxview.tree.live import tree_of


def text(*parts, **drawing):
    return "\n".join(document_lines(Document("", parts), **drawing))


def test_facts_stand_under_each_other_with_their_units():
    facts = Facts((Fact("bytes", 1536, "bytes"), Fact("share", 0.5, "ratio")), title="sums")
    assert text(facts) == "sums\nbytes  1.5 KB\nshare  50.0 %"


def test_numbers_in_a_table_stand_at_the_right():
    table = Table(
        (Column("path", "path"), Column("count", "count")), ((".a", 5), (".layer", 12_000))
    )
    assert text(table) == "path     count\n.a           5\n.layer  12,000"


def test_a_table_without_rows_says_what_that_means():
    assert text(Table((Column("leaf"),), (), empty="no leaf differs")) == "no leaf differs"


def test_a_path_in_a_narrow_table_loses_steps_from_its_middle_and_no_part_of_a_name():
    table = Table((Column("path", "path"), Column("why")), ((".model.layers[3].weight", "shape"),))
    *_, row = text(table, width=26).splitlines()
    assert row == "….layers[3].weight   shape"


def test_no_line_of_a_table_is_wider_than_its_width():
    table = Table((Column("a"), Column("b"), Column("c")), (("x" * 50, "y" * 60, "z" * 70),))
    assert max(map(len, text(table, width=60).splitlines())) <= 60


def test_bars_are_to_the_scale_of_the_largest_and_a_small_one_is_seen():
    bars = Bars((Bar("cpu:0", 1000), Bar("cpu:1", 1), Bar("cpu:2", 0)), unit="count")
    first, second, third = text(bars).splitlines()
    assert first == "cpu:0  1,000  " + 24 * "█"
    assert second == "cpu:1      1  ▏"
    assert third == "cpu:2      0"


@pytest.mark.parametrize(
    ("fraction", "drawn"), [(0, ""), (0.5, "██"), (1, "████"), (0.53125, "██▏"), (1e-9, "▏")]
)
def test_a_bar_is_drawn_in_eighths_of_a_cell(fraction, drawn):
    assert bar_text(fraction, 4) == drawn


def test_notes_stand_together_and_say_what_to_do():
    parts = (Note("a leaf is odd", "warning", hint="move it"), Note("that is all"))
    assert text(*parts) == "! a leaf is odd\n  fix: move it\n· that is all"


def test_an_outline_shows_its_marks_in_words():
    tree = tree_of({"a": 1, "b": 2})
    marks = MarkColumn("side", (Mark(""), Mark("selected", "good", "✓")), (0, 1, 0))
    first, marked, plain = text(Outline(tree, (marks,))).splitlines()
    assert first == "dict of 2"
    assert "✓ ['a']" in marked
    assert "selected" in marked
    assert "◆ ['b']" in plain
    assert "selected" not in plain


def test_an_outline_of_some_rows_closes_its_guides_at_the_last_that_is_shown():
    tree = tree_of({"a": [1, 2], "b": 3})
    rows = (0, 1, 2)
    lines = [line.split("  ")[0] for line in text(Outline(tree, rows=rows)).splitlines()]
    assert lines == ["dict of 2", "└─ ['a']", ""]
    *_, last = text(Outline(tree, rows=rows)).splitlines()
    assert last.startswith("   └─ ◆ [0]")


def test_colour_never_outlives_its_line():
    table = Table((Column("leaf"),), (("x",),), tones=("error",))
    for line in document_lines(Document("", (table,)), palette=COLOURED):
        assert line.endswith("\x1b[0m")


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "count", ""),
        (True, "text", "yes"),
        (1536, "bytes", "1.5 KB"),
        (12_345, "count", "12,345"),
        (0.5, "ratio", "50.0 %"),
        (0.00002, "seconds", "20 µs"),
        (0.25, "seconds", "250 ms"),
        (2.5, "seconds", "2.50 s"),
        (1.23456789, "number", "1.235"),
        ("as it is", "text", "as it is"),
    ],
)
def test_a_value_is_written_by_its_unit(value, unit, shown):
    assert value_text(value, unit) == shown
