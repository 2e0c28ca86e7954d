"""Pictures as DOT text: golden files, and what must be in them for every kind of part."""

import re

import numpy as np
import pytest
from dot_seen import dot_of, outline_page, page
from golden_files import check_golden
from pytrees import Pair, Wrapped, named_function

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
from eqxview.inspect.analyses import ANALYSES
from eqxview.render.dot.source import dot_source
from eqxview.render.page import Page
from eqxview.tree.live import tree_of


def check(name, text):
    check_golden(f"dot/{name}.dot", text)


def array(*shape):
    return np.zeros(shape, np.float32)


def training_state():
    """Every role, a tie, a hole, a static field, and blocks that are alike."""
    embedding = array(8, 4)
    return {
        "embed": embedding,
        "head": Pair(embedding, None),
        "blocks": [Wrapped(array(4, 4), 4, bias=array(4)) for _ in range(6)],
        "act": named_function,
        "step": 7,
        "empty": [],
    }


def marked_outline():
    tree = tree_of({"a": array(2), "b": [array(3), "text"]})
    sides = MarkColumn(
        "side",
        (Mark(""), Mark("selected", "good", "✓"), Mark("rest", "static")),
        [0, 1, 0, 1, 2],
    )
    return Outline(tree, (sides,), title="both halves")


def test_a_training_state():
    check("training_state", dot_of(training_state()))


def test_a_training_state_folded():
    check("folded", dot_of(training_state(), max_nodes=8))


def test_two_halves_under_their_sums():
    facts = Facts((Fact("filter", "is_array"), Fact("bytes", 1536, "bytes")))
    check("marked", dot_source(outline_page(marked_outline(), facts), max_nodes=150))


def test_each_role_has_a_shape_of_its_own_and_its_word_in_the_legend():
    source = dot_of(training_state())
    legend = dict(
        re.findall(r'legend\d+ \[label="([^"]+?)\\l" .*?(shape=\w+ .*?style=\S+)', source)
    )
    assert set(legend) == {
        "dynamic",
        "static leaf",
        "static field",
        "none",
        "empty container",
    }
    assert len({re.sub(r"sortv=\d+ ", "", look) for look in legend.values()}) == len(legend)


def test_a_shared_array_is_a_dashed_line_between_its_places():
    shared = array(3)
    source = dot_of({"a": shared, "b": [shared, array(3)], "c": shared})
    names = dict(re.findall(r"(\w+) \[label=\"\S*(\['[abc]'\]|\[0\])\\l", source))
    edges = re.findall(r"(\w+) -> (\w+) ", source)
    assert [(names[one], names[other]) for one, other in edges] == [
        ("['a']", "[0]"),
        ("[0]", "['c']"),
    ]
    assert "style=dashed" in source
    assert "dashed line, ~1: the same array, counted once" in source


def test_a_tie_inside_of_a_folded_container_is_said_in_words():
    shared = array(3)
    source = dot_of({"x": [shared, shared], "y": 1, "z": 2}, max_nodes=4)
    assert "->" not in source
    assert "1 shared array inside of folded containers" in source


def test_a_mark_is_a_colour_and_a_word_and_stands_in_the_legend():
    source = dot_source(outline_page(marked_outline()), max_nodes=150)
    (line,) = [line for line in source.splitlines() if r"['a']\l" in line]
    assert r"\lselected\l" in line
    assert "side: selected" in line
    (legend,) = [line for line in source.splitlines() if r'label="selected\l"' in line]
    colour = re.compile(r'fillcolor="#\w+"')
    assert colour.findall(line) == colour.findall(legend)
    (other,) = [line for line in source.splitlines() if r'label="rest\l"' in line]
    assert colour.findall(other) != colour.findall(legend)


def test_where_marks_colour_the_tree_a_leaf_without_one_has_no_colour():
    outline = marked_outline()
    marks = MarkColumn("side", outline.columns[0].marks, [0] * 5)
    plain = dot_source(outline_page(Outline(outline.tree, (marks,))), max_nodes=150)
    (line,) = [line for line in plain.splitlines() if r"['a']\l" in line]
    assert 'fillcolor="#ffffff"' in line


def test_a_device_that_all_arrays_share_is_said_once():
    import jax.numpy as jnp

    source = dot_of([jnp.zeros(3), jnp.zeros(2), 1])
    assert "2 arrays on cpu:0" in source
    assert r"\lcpu:0" not in source


def test_devices_that_differ_stand_on_their_arrays():
    import jax
    import jax.numpy as jnp

    committed = jax.device_put(jnp.zeros(2), jax.devices()[0])
    source = dot_of([jnp.zeros(3), committed, 1])
    assert r"[0]\lf32[3]\lcpu:0\l" in source
    assert r"[1]\lf32[2]\lcpu:0*\l" in source
    assert "(*: committed)" in source


def test_parts_that_are_no_tree_are_text():
    parts = (
        Facts((Fact("leaves", 12_345, "count"),)),
        Table((Column("leaf"), Column("bytes", "bytes")), (("x", 2048),)),
        Bars((Bar("cpu:0", 10),)),
        Note("odd", "warning", hint="move it"),
    )
    source = dot_source(Page("", (Document("Title", parts),)), max_nodes=150)
    for text in ("leaves  12,345", "x     2.0 KB", "cpu:0  10  ████", "! odd", "  fix: move it"):
        assert text in source


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
def test_every_analysis_is_drawn(analysis):
    source = dot_source(page(training_state(), analysis.name), max_nodes=150)
    assert source.startswith("digraph eqxview {")
    (document,) = page(training_state(), analysis.name).documents
    assert f"label={document.title}" in source or f'label="{document.title}"' in source


def test_several_trees_stand_below_each_other_with_their_numbers():
    documents = tuple(Document("Tree", (Outline(tree_of(x)),)) for x in ({"a": 1}, {"b": 2}))
    source = dot_source(Page("tree", documents), max_nodes=150)
    assert source.index("object 1 of 2") < source.index("['a']") < source.index("object 2 of 2")
    names = re.findall(r"^\s*(\w+) \[label", source, re.MULTILINE)
    assert len(names) == len(set(names))
