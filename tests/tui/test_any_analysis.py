"""An analysis is a screen without a line of the app's own: tabs, documents, filter, export."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from driving import path_under_cursor, running, screen_text, until
from made_files import opened_file
from toy_analysis import PLAIN_TOY, TOY

from eqxview.inspect.analyses import ANALYSES
from eqxview.tui import tabs
from eqxview.tui.parts_view import PartsView
from eqxview.tui.text_line import TextLine
from eqxview.tui.tree_view import TreeView

SMALL = {"a": {"x": np.zeros(3), "much longer": 1}, "b": [np.ones(2)], "charlie": None}


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """The tree, and two lines of the table."""
    monkeypatch.setattr(tabs, "ANALYSES", [ANALYSES[0], TOY, PLAIN_TOY])


def shown_tree(app):
    """The tree of the screen in front; something without focus while there is none."""
    return next(filter(on, app.screen_stack[0].query(TreeView)), NOT_THERE)


def parts(app):
    return next(filter(on, app.screen_stack[0].query(PartsView)), NOT_THERE)


def on(widget):
    return all(above.display for above in widget.ancestors_with_self if above is not widget.app)


NOT_THERE = SimpleNamespace(has_focus=False)


def filter_line(app):
    return app.screen_stack[0].query_one("#filter", TextLine)


async def test_every_analysis_has_a_tab_and_shows_its_document():
    async with running(opened_file(SMALL), size=(100, 30)) as (app, pilot):
        assert "── Tree ── Toy ── Plain toy ──" in screen_text(app)
        await pilot.press("j", "tab")
        await until(pilot, lambda: "short 2" in screen_text(app))
        text = screen_text(app)
        for said in ("length 6", "half", "! a toy (play)", "code toy(x)", " length"):
            assert said in text, text
        # The marks: the glyph and the word of each, and the roles' own where there is none.
        line = next(line for line in text.splitlines() if "l ['much longer']" in line)
        assert "long" in line.split("1")[-1]
        await pilot.press("tab")
        await until(pilot, lambda: "times" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: shown_tree(app).has_focus)
        # The tree is where it was left.
        assert path_under_cursor(shown_tree(app)) == "['a']"
        await pilot.press("3")
        await until(pilot, lambda: "times" in screen_text(app) and parts(app).has_focus)
        await pilot.press("shift+tab")
        await until(pilot, lambda: filter_line(app).display and shown_tree(app).has_focus)
        await pilot.press("9")
        await until(pilot, lambda: "there are 3 screens" in screen_text(app))


async def test_every_letter_of_a_filter_is_answered_and_errors_stay_in_its_line():
    async with running(opened_file(SMALL), size=(100, 30), view="toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "short 2" in screen_text(app))
        await until(pilot, lambda: shown_tree(app).has_focus)
        await pilot.press("j", "j", "f", "1")
        await until(pilot, lambda: "short 0" in screen_text(app))
        await pilot.press("6")
        await until(pilot, lambda: "short 3" in screen_text(app))
        # A filter that is none says so beside it; what was there before is there still.
        await pilot.press("x")
        await until(pilot, lambda: "! '16x' is no number (type one)" in screen_text(app))
        assert "short" in screen_text(app)
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: shown_tree(app).has_focus)
        await until(pilot, lambda: "is no number" not in screen_text(app))
        # The cursor has stayed where it was.
        assert path_under_cursor(shown_tree(app)) == "['a']['much longer']"
        await pilot.press("f", "ctrl+u", "9", "9", "escape")
        await until(pilot, lambda: filter_line(app).text == "16")
        await until(pilot, lambda: "length 16" in screen_text(app))
        await pilot.press("f", "ctrl+u", *"break")
        await until(pilot, lambda: "internal error: RuntimeError" in screen_text(app))
        await until(pilot, lambda: "\\x1b[2J" in screen_text(app))


async def test_marks_made_by_hand_begin_a_filter():
    async with running(opened_file(SMALL), size=(100, 30), view="toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "short 2" in screen_text(app) and shown_tree(app).has_focus)
        await pilot.press("j", "j", "space", "space", "f")
        await until(pilot, lambda: filter_line(app).has_focus)
        assert filter_line(app).text == "['a']['much longer'] or ['a']['x']"


async def test_a_filter_from_the_command_line_is_on_from_the_start():
    opened = opened_file(SMALL)
    async with running(opened, view="toy", filter="16", wait=False) as (app, pilot):
        await until(pilot, lambda: "length 16" in screen_text(app))
        assert filter_line(app).text == "16"


async def test_tables_are_sorted_searched_and_copied():
    async with running(opened_file(SMALL), view="plain-toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "times" in screen_text(app) and parts(app).has_focus)
        order = names_in_order(app)
        assert order == ["delta", "alpha", "charlie", "bravo"]
        await pilot.press("j", "s")
        assert names_in_order(app) == ["alpha", "bravo", "charlie", "delta"]
        await until(pilot, lambda: "sorted by name, the smallest first" in screen_text(app))
        # The cursor is on the row it was on.
        await pilot.press("y")
        assert app.clipboard == "['a']"
        await pilot.press("s")
        # What has no value comes last, whichever way it goes.
        assert names_in_order(app) == ["charlie", "alpha", "delta", "bravo"]
        await pilot.press("S")
        assert names_in_order(app) == ["delta", "alpha", "charlie", "bravo"]
        await pilot.press("s", "s")
        assert names_in_order(app) == order
        await pilot.press("slash", "r", "a", "v")
        await until(pilot, lambda: "1 found" in screen_text(app))
        await pilot.press("enter", "y")
        assert app.clipboard == "['b']"
        await pilot.press("escape", "G", "y")
        assert app.clipboard == "y = 2"
        await pilot.press("slash", "q", "q", "enter")
        await until(pilot, lambda: "not found: qq" in screen_text(app))


def names_in_order(app):
    first_words = [line.split()[0] for line in screen_text(app).splitlines() if line.split()]
    return [word for word in first_words if word in ("alpha", "bravo", "charlie", "delta")]


async def test_enter_on_a_row_goes_to_its_node_or_shows_all_of_it():
    async with running(opened_file(SMALL), view="plain-toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "times" in screen_text(app) and parts(app).has_focus)
        # `['d']` is no path of this tree.
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "seconds" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "dict of 2" in screen_text(app))
        await until(pilot, lambda: shown_tree(app).has_focus)
        assert path_under_cursor(shown_tree(app)) == "['a']"
    async with running(opened_file(SMALL), view="toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "short 2" in screen_text(app) and shown_tree(app).has_focus)
        await pilot.press("w")
        await until(pilot, lambda: parts(app).has_focus)
        await pilot.press("j", "enter")
        await until(pilot, lambda: shown_tree(app).has_focus)
        assert path_under_cursor(shown_tree(app)) == "['a']['much longer']"


@pytest.mark.parametrize("size", [(40, 12), (200, 60)])
async def test_other_panes_are_reached_and_left_at_any_size(size):
    async with running(opened_file(SMALL), size=size, view="toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "short 2" in screen_text(app) and shown_tree(app).has_focus)
        await pilot.press("w")
        await until(pilot, lambda: parts(app).has_focus)
        assert "half" in screen_text(app)
        await pilot.press("q")
        await until(pilot, lambda: shown_tree(app).has_focus)
        await pilot.press("v")
        await until(pilot, lambda: "below" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: shown_tree(app).has_focus)
        assert app.is_running


async def test_what_is_shown_is_exported_in_the_format_of_the_suffix(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "out.json"
    async with running(opened_file(SMALL), view="toy", filter="16", wait=False) as (app, pilot):
        await until(pilot, lambda: "length 16" in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: "resnet-toy.txt" in screen_text(app))
        await pilot.press("ctrl+u", *"out.json", "enter")
        await until(pilot, lambda: "written: " in screen_text(app))
        answered = json.loads(path.read_text())
        assert answered["view"] == "toy"
        assert {"name": "length", "value": 16, "unit": "count"} in answered["documents"][0][
            "parts"
        ][0]["facts"]
        # It is not written over; what is wrong can be corrected.
        await pilot.press("e", "ctrl+u", *"out.json", "enter")
        await until(pilot, lambda: "there is a file already" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: shown_tree(app).has_focus)


async def test_a_slow_analysis_keeps_no_key_waiting(monkeypatch):
    from threading import Event

    import toy_tables

    go = Event()
    asked = []

    def slowly(question):
        asked.append(question)
        go.wait()
        return toy_tables.Tables()

    monkeypatch.setattr(toy_tables, "answer", slowly)
    async with running(opened_file(SMALL)) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "working…" in screen_text(app))
        await pilot.press("1", "j")
        await until(pilot, lambda: path_under_cursor(shown_tree(app)) == "['a']")
        go.set()
        await pilot.press("3")
        await until(pilot, lambda: "times" in screen_text(app))
        assert len(asked) == 1
