"""One row, drawn for any width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_files import state
from rich.cells import cell_len

from eqxview.tree.live import tree_of
from eqxview.tui.lines import Piece, cut, fitted, line_width, wrapped
from eqxview.tui.tree_line import bar, columns, fold_marker_start, label_width, tree_line

# Wide characters, combining ones, emoji with a variation selector.
texts = st.text(st.sampled_from("ab .[]'e\u0301漢字🎉\u2764\ufe0f"), max_size=30)
widths = st.integers(1, 200)


@given(texts, st.integers(0, 40))
def test_a_fitted_text_has_exactly_the_width(text, width):
    assert cell_len(fitted(text, width)) == width
    assert cell_len(cut(text, width)) <= width or width == 0


@given(st.lists(texts, max_size=6), st.integers(2, 40), st.integers(0, 10))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(words, width, indent):
    lines = list(wrapped([Piece(word, "faint") for word in words], width, indent=indent))
    assert all(line_width(line) <= width for line in lines)
    text = "".join(piece.text for line in lines for piece in line)
    assert text.replace(" ", "") == "".join(words).replace(" ", "")


TREE = tree_of(state() | {"漢字": np.zeros(1), "x" * 100: 1, "tie\u0301": (1, 2)})


@given(st.integers(0, len(TREE) - 1), st.integers(16, 200))
def test_a_row_is_never_wider_than_its_columns(row, width):
    shape = columns(width, label=label_width(TREE))
    line = tree_line(TREE, row, shape, is_open=None, is_marked=True)
    assert line_width(line) <= width


@given(widths, st.integers(1, 60))
def test_columns_fill_the_width(width, label):
    shape = columns(width, label=label)
    assert sum(shape) in (width, width - 1)
    assert min(shape) >= 0


def test_the_fold_marker_is_where_a_click_looks_for_it():
    shape = columns(80, label=30)
    for depth, path in enumerate(["", "['blocks']", "['blocks'][0]"]):
        line = tree_line(TREE, TREE.find(path), shape, is_open=False)
        text = "".join(piece.text for piece in line)
        assert text[fold_marker_start(depth, shape)] == "▸"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, ""), (1e-9, "▏"), (0.5, "█████"), (0.55, "█████▌"), (1, "██████████")],
)
def test_a_bar_shows_whatever_is_above_nothing(share, text):
    assert bar(share, 10) == text
