"""Documents as lines: tables in any width, sorted, and a cursor on their rows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from eqxview.document import Bar, Bars, Column, Document, Fact, Facts, Note, Table
from eqxview.tui.lines import line_width
from eqxview.tui.sheet import Sheet
from eqxview.tui.table_layout import Order, TableLayout, matching_rows, next_order, ordered_rows

texts = st.text(st.sampled_from("ab .[]'漢\u0301Z"), max_size=30)
numbers = st.none() | st.integers(0, 10**9) | st.floats(0, 1e6, allow_nan=False)
columns = st.lists(
    st.builds(
        Column,
        texts,
        st.sampled_from(["text", "path", "code", "count", "bytes", "seconds", "number"]),
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def tables(draw):
    heads = tuple(draw(columns))
    cells = [texts if column.unit in ("text", "path", "code") else numbers for column in heads]
    rows = draw(st.lists(st.tuples(*cells), max_size=6))
    return Table(heads, tuple(rows), title=draw(texts), empty="nothing")


parts = st.one_of(
    tables(),
    st.builds(Note, texts, st.sampled_from(["info", "warning"]), texts),
    st.builds(lambda names: Facts(tuple(Fact(name, name) for name in names)), st.lists(texts)),
    st.builds(lambda names: Bars(tuple(Bar(name, 3) for name in names)), st.lists(texts)),
)
documents = st.builds(lambda parts: Document("", tuple(parts)), st.lists(parts, max_size=5))


@given(tables(), st.integers(1, 120))
def test_a_row_that_begins_in_the_width_fits_in_it_and_numbers_are_whole(table, width):
    layout = TableLayout(table, width)
    for row in range(len(table.rows)):
        line = layout.line(row)
        text = "".join(piece.text for piece in line)
        first = table.columns[0].unit
        if first in ("text", "path", "code"):
            assert line_width(line) <= max(width, 18)
        shown = zip(table.rows[row], table.columns, layout.widths, strict=True)
        for value, column, size in shown:
            if size and column.unit == "count" and isinstance(value, int):
                assert f"{value:,}" in text


@given(documents, st.integers(3, 100), st.booleans())
@settings(deadline=None)
def test_lines_rows_and_positions_agree(document, width, flat):
    sheet = Sheet(document, width, flat=flat)
    lines = list(sheet)
    assert len(lines) == len(sheet)
    seen = []
    for line in range(len(sheet)):
        position = sheet.position_at_line(line)
        if position is not None:
            assert sheet.line_of(position) == line
            assert sheet.top_of(position) <= line
            row = sheet.row_at(position)
            assert sheet.position_of(row) == position
            seen.append(row)
    expected = [
        (number, row)
        for number, part in enumerate(document.parts)
        if isinstance(part, Table)
        for row in range(len(part.rows))
    ]
    assert seen == expected
    assert sheet.rows == len(expected)
    assert sheet.row_at(sheet.rows) is None


@given(tables())
def test_every_order_has_every_row_and_ends_where_it_began(table):
    order = None
    for column in range(len(table.columns)):
        order = next_order(table, order)
        assert order.column == column
        for way in (True, False):
            rows = ordered_rows(table, Order(column, way))
            assert sorted(rows) == list(range(len(table.rows)))
            values = [table.rows[row][column] for row in rows]
            known = [value for value in values if value is not None]
            # What has no value comes last.
            assert values[: len(known)] == known
            keys = [v.casefold() if isinstance(v, str) else v for v in known]
            assert keys == sorted(keys, reverse=way)
    assert next_order(table, order) is None
    assert list(ordered_rows(table, None)) == list(range(len(table.rows)))


@given(tables(), texts)
def test_the_rows_found_are_those_that_show_the_text(table, query):
    found = matching_rows(table, range(len(table.rows)), query)
    for row, cells in enumerate(table.rows):
        shown = "\n".join(cell for cell in cells if isinstance(cell, str))
        text = shown.lower() if query == query.lower() else shown
        if query and query in text:
            assert row in found


def test_a_table_of_a_million_rows_costs_what_is_looked_at(stopwatch):
    table = Table((Column("n", "count"), Column("word")), ((5, "five"),) * 1_000_000)
    with stopwatch(0.5):
        sheet = Sheet(Document("", (table,)), 80)
        assert len(sheet) == 1_000_001
        assert sheet.line_of(999_999) == 1_000_000
        assert "five" in sheet[1_000_000][0].text
