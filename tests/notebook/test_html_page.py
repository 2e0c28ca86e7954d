"""Pages as HTML: complete in one file, whatever stands in the tree, and never too large."""

from types import SimpleNamespace

import numpy as np
import pytest
from golden_files import check_golden
from hostile.injection import CASES, MARKUP, NASTY
from html_seen import Seen
from hypothesis import given
from hypothesis import strategies as st
from pytrees import pytrees

from eqxview.cli.demo_model import demo_state
from eqxview.cli.main import run
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
from eqxview.render.formats import Drawing
from eqxview.render.html.extent import MAX_DEPTH, Room, extent_of
from eqxview.render.html.page_html import IN_A_FILE, draw, fragment
from eqxview.render.page import Page
from eqxview.tree.live import tree_of

ROOM = Room(nodes=100_000, open_rows=30)


def page_of(*parts):
    return Page("", (Document("A title", parts),))


def html_of(*parts):
    return "\n".join(draw(page_of(*parts), Drawing()))


def part(*parts):
    """What a page holds, without the style that all of them have."""
    return "\n".join(fragment(page_of(*parts))).partition("</style>")[2]


def test_the_page_of_a_training_state():
    html = part(Outline(tree_of(demo_state())))
    check_golden("html/training_state.html", html.replace(" cpu:0", " DEVICE"))


def test_the_parts_of_a_document():
    tree = tree_of({"a": 1, "b": 2.5})
    sides = MarkColumn("side", (Mark(""), Mark("selected", "good", "✓")), (0, 1, 0))
    html = part(
        Facts((Fact("bytes", 1536, "bytes"), Fact("spec", "f(\n  x\n)", "code")), title="sums"),
        Table(
            (Column("path", "path"), Column("compiles", "count")),
            ((".layers[3].weight", 12_000), ("['a']", None)),
            title="what compiled",
            tones=("warning", "plain"),
        ),
        Table((Column("leaf"),), (), empty="no leaf differs"),
        Bars((Bar("cpu:0", 1000), Bar("cpu:1", 250, "warning")), unit="bytes", title="devices"),
        Outline(tree, (sides,), title="both sides"),
        Note("a leaf is odd", "warning", hint="move(x)"),
        Note("that is all"),
    )
    check_golden("html/parts.html", html)


def test_a_page_is_complete_and_closes_what_it_opens():
    html = html_of(Outline(tree_of(demo_state())))
    seen = Seen(html)
    assert seen.mistakes == []
    assert html.startswith("<!DOCTYPE html>")
    assert seen.count("meta", content="default-src 'none'; style-src 'unsafe-inline'") == 1


@given(pytrees, st.integers(1, 40), st.integers(0, 40))
def test_every_node_of_a_tree_is_drawn_or_counted(pytree, nodes, open_rows):
    tree = tree_of(pytree)
    extent = extent_of(Outline(tree), Room(nodes, open_rows))
    assert _nodes_below(tree, extent, 0) == len(tree)
    assert sum(map(len, extent.runs.values())) < max(nodes, 1)


def _nodes_below(tree, extent, row):
    """The nodes of a subtree as a reader of the page would add them up."""
    if row not in extent.runs:
        return 1 + extent.left_out.get(row, 0)
    below = sum(run.length * _nodes_below(tree, extent, run.first) for run in extent.runs[row])
    return 1 + below + extent.left_out.get(row, 0)


@given(pytrees)
def test_every_node_stands_on_the_page_with_its_path(pytree):
    tree = tree_of(pytree)
    rows = range(len(tree))
    # With the rows given, nothing is taken together.
    seen = Seen(part(Outline(tree, rows=rows)))
    assert seen.mistakes == []
    assert seen.count("div", role="treeitem") == len(tree)
    paths = {tree.path(row) for row in rows if 0 < len(tree.path(row)) < 120}
    assert paths <= set(seen.values("title"))


def test_an_outline_of_some_rows_shows_these_and_no_others():
    tree = tree_of({"a": [1, 2], "b": 3})
    seen = Seen(part(Outline(tree, rows=(0, 1, 2))))
    assert seen.count("div", role="treeitem") == 3
    assert "['b']" not in seen.text
    assert "not drawn" not in seen.text


def test_levels_open_as_long_as_they_fit():
    tree = tree_of({"a": {"b": [1, 2, 3]}, "c": {"d": [1, 2, 3]}})
    html = part(Outline(tree))
    assert Seen(html).count("details", open=None) == 5
    outline = Outline(tree)
    assert extent_of(outline, Room(nodes=100, open_rows=5)).is_open == {0, 1, 6}
    assert extent_of(outline, Room(nodes=100, open_rows=1)).is_open == {0}


def test_blocks_that_are_alike_are_drawn_once_with_their_number_and_sums():
    layers = [{"bias": np.zeros(4, np.float32), "scale": 1.0} for _ in range(12)]
    html = part(Outline(tree_of({"layers": layers})))
    seen = Seen(html)
    assert "[0..11]" in seen.text
    assert "12 × dict of 2" in seen.text
    assert "each alike" in seen.text
    assert seen.text.count("['bias']") == 1
    # The root, the list, the run; and the sum below the tree.
    assert seen.text.count("192 B") == 4


def test_a_mark_is_a_word_a_glyph_and_a_tone():
    tree = tree_of({"a": 1, "b": 2})
    sides = MarkColumn("side", (Mark(""), Mark("selected", "good", "✓")), (0, 1, 0))
    html = part(Outline(tree, (sides,)))
    assert "<u>✓</u> ['a']" in html
    assert html.count("<em class=good>selected</em>") == 1
    assert "<u>◆</u> ['b']" in html


def test_the_legend_tells_the_glyphs_that_are_seen_and_no_others():
    tree = tree_of({"a": 1, "b": np.zeros(2), "c": None})
    row = tree.find("['b']")
    assert row is not None

    def legend(outline):
        return part(outline).partition("<p class=legend>")[2].partition("</p>")[0]

    assert Seen(legend(Outline(tree))).text.strip() == "● dynamic ◆ static leaf · none"
    assert Seen(legend(Outline(tree, rows=(0, row)))).text.split() == ["●", "dynamic"]
    sides = MarkColumn("side", (Mark(""), Mark("selected", "good", "✓")), bytes((0, 1, 0, 0)))
    assert "static leaf" not in legend(Outline(tree, (sides,)))
    assert "dynamic" in legend(Outline(tree, (sides,)))


def test_a_deep_tree_says_what_was_left_out():
    nested = 0
    for _ in range(200):
        nested = [nested]
    seen = Seen(part(Outline(tree_of(nested))))
    assert seen.mistakes == []
    assert f"… {200 - MAX_DEPTH} more nodes not drawn here" in seen.text
    # A browser stops nesting at 512.
    assert max(element.depth for element in seen.elements) < 500


def test_a_wide_tree_is_cut_and_says_by_how_much():
    tree = tree_of([np.zeros(1 + size % 7) for size in range(30_000)])
    html = html_of(Outline(tree))
    drawn = html.count("role=treeitem")
    assert drawn == IN_A_FILE.nodes
    assert f"… {30_001 - drawn:,} more nodes not drawn here" in html


@pytest.mark.parametrize("shape", ["wide", "nested"])
def test_ten_thousand_leaves_take_less_than_two_megabytes(shape):
    sizes = iter(range(10_000))

    def leaf():
        return np.zeros(next(sizes), np.int8)

    if shape == "wide":
        pytree = [leaf() for _ in range(10_000)]
    else:
        pytree = {
            f"block_{i}": {f"layer_{j}": {"kernel": leaf(), "bias": leaf()} for j in range(10)}
            for i in range(500)
        }
    page = page_of(Outline(tree_of(pytree)))
    html = "\n".join(draw(page, Drawing()))
    assert html.count("role=treeitem") > 10_000
    assert len(html.encode()) < 2_000_000


def test_a_long_table_is_cut_and_says_by_how_much():
    table = Table((Column("n", "count"),), tuple((row,) for row in range(2_500)))
    seen = Seen(part(table))
    assert seen.mistakes == []
    assert seen.count("td") == 2_000
    assert "1,900 more rows" in seen.text
    assert "… 500 more rows are not drawn here" in seen.text


@pytest.mark.parametrize("word", NASTY + MARKUP + ('"><script>x</script>', "' onclick=x '"))
def test_no_string_of_a_document_acts_on_the_page(word):
    tree = tree_of({word: word, "b": [word]})
    marks = MarkColumn(word, (Mark(word, "good", "✓"),), [0] * len(tree))
    html = html_of(
        Facts((Fact(word, word), Fact("x", word, "code"), Fact("y", word, "path")), title=word),
        Table((Column(word),), ((word,),), title=word),
        Bars((Bar(word, 1),), title=word),
        Outline(tree, (marks,), title=word),
        Note(word, "error", hint=word),
    )
    seen = Seen(html)
    assert seen.mistakes == []
    assert all(line.isprintable() for line in html.split("\n"))
    if word in MARKUP:
        assert word in seen.text


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.name.startswith(("controls in ", "markup in "))],
    ids=lambda case: case.name,
)
def test_a_hostile_file_does_not_act_on_the_page(case, tmp_path, capsys):
    path = tmp_path / "hostile.pkl"
    path.write_bytes(case.content)
    assert run([str(path), "--format", "html"]) in case.codes
    html = capsys.readouterr().out
    assert Seen(html).mistakes == []
    assert all(line.isprintable() for line in html.split("\n"))


def test_a_file_is_named_with_its_warnings_and_its_error():
    from eqxview.errors import UnreadableFile
    from eqxview.readers.opened import OpenedFile

    opened = OpenedFile(
        path="/models/<b>.pkl",
        format="pickle, protocol 5",
        nbytes=2048,
        seconds=0.012,
        trees=(),
        error=UnreadableFile("it breaks off"),
        warnings=("it would call os.system",),
        hints=("give --source DIR",),
    )
    html = "\n".join(draw(Page("tree", (), (), opened), Drawing()))
    seen = Seen(html)
    assert seen.mistakes == []
    for said in (
        "<b>.pkl",
        "pickle, protocol 5 · 2.0 KB · read in 12 ms",
        "safe: nothing was run",
        "warning: it would call os.system",
        "error: it breaks off",
        "give --source DIR",
    ):
        assert said in seen.text


def test_a_page_of_several_objects_numbers_them(tmp_path):
    import pickle

    path = tmp_path / "two.pkl"
    path.write_bytes(pickle.dumps([1]) + pickle.dumps([2]))
    target = tmp_path / "two.html"
    assert run([str(path), "-o", str(target)]) == 0
    seen = Seen(target.read_text(encoding="utf-8"))
    assert "object 1 of 2" in seen.text
    assert "object 2 of 2" in seen.text


def test_the_checks_of_this_file_can_fail():
    assert Seen("<div><script>x</script></div>").mistakes
    assert Seen("<div onclick=x></div>").mistakes
    assert Seen("<div>").mistakes
    assert Seen("</p>").mistakes
    namespace = SimpleNamespace(runs={}, left_out={})
    assert _nodes_below(tree_of([1, 2]), namespace, 0) != len(tree_of([1, 2]))
