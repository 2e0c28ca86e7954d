"""Finding as one types: the same rows as reading every line would find."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import wide_tree

from eqxview.tree.live import tree_of
from eqxview.tree.wording import array_type
from eqxview.tui.search import SearchIndex

MODEL = {
    "params": {
        "dense": {"kernel": np.zeros((3, 4), np.float32), "bias": np.zeros(4, np.float32)},
        "Norm": {"scale": np.ones(4, np.float16)},
        "a.b[0]": [np.zeros(2, np.int32), "relu", (2, 2), None],
    },
    "layers": [{"weight": np.zeros((n, 2))} for n in range(1, 14)],
    "steps": list(range(98, 123)),
}
TREE = tree_of(MODEL)


def read(tree, query):
    """The rows found by reading all there is to read."""
    rows = []
    for row in range(len(tree)):
        texts = [*tree.types[tree.type[row]], tree.value_text(row)]
        path = tree.path(row)
        # A piece of the path that reaches into the row's own entry.
        start = len(path) - len(tree.entry(row))
        if tree.array_shape(row) is not None:
            name = tree.dtype_name(row)
            texts += [name, array_type(name, tree.array_shape(row))]
        if query == query.lower():
            texts, path = [text.lower() for text in texts], path.lower()
        at = path.find(query)
        while at >= 0 and at + len(query) <= start:
            at = path.find(query, at + 1)
        if any(query in text for text in texts) or (at >= 0 and row):
            rows.append(row)
    return rows


def found(tree, query):
    result = SearchIndex(tree).find(query)
    return [row for row in range(len(tree)) if row in result]


# Words, halves of words, and pieces that reach over one or more steps of a path.
PIECES = """kernel Norm norm NORM . [ ] ' f32 float [3,4 relu (2 1 12 [1 [12] 2] 0 00 [01
    layers'][1 ']['bias ]['weight ['params']['dense']['b dense'][' .b[0]'][ s'][1 s'][12]['w
    dict builtins. [] é"""
pieces = st.sampled_from(PIECES.split())


@given(pieces)
@settings(deadline=None)
def test_a_search_finds_what_reading_finds(query):
    assert found(TREE, query) == read(TREE, query)


@given(st.integers(0, len(TREE) - 1), st.data())
@settings(deadline=None, max_examples=300)
def test_any_piece_of_any_path_is_found(row, data):
    path = TREE.path(row)
    start = data.draw(st.integers(0, len(path)))
    query = path[start : data.draw(st.integers(start, len(path)))]
    if query:
        assert found(TREE, query) == read(TREE, query)


@given(st.text(max_size=5))
@settings(deadline=None)
def test_whatever_is_typed_is_searched_for(query):
    if query:
        assert set(found(TREE, query)) <= set(range(len(TREE)))


@pytest.mark.parametrize(
    "query", ["7", "70", "[7", "7]", "[77]", "007", "9" * 5000, "0", "[0", "[0]"]
)
def test_items_are_found_by_their_digits(query):
    tree = tree_of([None] * 1200)
    assert found(tree, query) == [n + 1 for n in range(1200) if query in f"[{n}]"]


def test_an_empty_query_finds_nothing():
    assert found(TREE, "") == []


def test_next_and_previous_go_round():
    result = SearchIndex(TREE).find("weight")
    rows = [row for row in range(len(TREE)) if row in result]
    assert result.after(rows[-1]) == rows[0]
    assert result.before(rows[0]) == rows[-1]
    assert result.after(rows[0]) == rows[1]
    assert result.at_or_after(rows[1]) == rows[1]
    assert [result.number(row) for row in rows] == list(range(1, 14))
    assert result.number(0) == 0


def test_a_keystroke_in_two_hundred_thousand_leaves_is_answered_at_once(stopwatch):
    index = SearchIndex(wide_tree(200_000, blocks=200))
    index.prepare()
    for query in ("7", "[19", "f32", "[3][9"):
        with stopwatch(0.1):
            assert len(index.find(query)) > 0
