"""Another file beside this one, and a log in place of a file."""

import copy

import numpy as np
import pytest
from driving import path_under_cursor, running, screen_text, until
from made_files import opened_file
from test_any_analysis import parts, shown_tree

from eqxview.errors import UnreadableFile
from eqxview.tui.app import EqxviewApp
from eqxview.tui.opening import Opening
from eqxview.tui.subject import Subject

BEFORE = {"w": np.zeros(3, np.float32), "b": [np.ones(2, np.float32), 7], "act": "relu"}
AFTER = copy.deepcopy(BEFORE) | {"act": "gelu"}
AFTER["w"][1] = 0.5


def app_of(subject, **asked):
    return EqxviewApp(Opening(lambda: subject), "after.pkl", **asked)


async def test_two_files_open_at_their_difference():
    subject = Subject(
        opened_file(AFTER, path="after.pkl"), other=opened_file(BEFORE, path="before.pkl")
    )
    async with app_of(subject, view="diff").run_test(size=(100, 30)) as pilot:
        app = pilot.app
        await until(pilot, lambda: "different in 2 places" in screen_text(app))
        text = screen_text(app)
        assert "before.pkl 4 leaves" in text
        assert "after.pkl 4 leaves" in text
        await until(pilot, lambda: shown_tree(app).has_focus)
        # The tree is folded to what differs.
        assert "['b']" not in text
        await pilot.press("w")
        await until(pilot, lambda: parts(app).has_focus)
        await pilot.press("slash", *"gelu", "enter", "enter")
        await until(pilot, lambda: shown_tree(app).has_focus)
        assert path_under_cursor(shown_tree(app)) == "['act']"


async def test_d_asks_for_another_file_and_shows_the_difference():
    asked = []

    def open_another(path):
        asked.append(path)
        if path == "missing.pkl":
            raise UnreadableFile("there is no missing.pkl\x1b[2J")
        return opened_file(BEFORE if path == "before.pkl" else AFTER, path=path)

    subject = Subject(opened_file(AFTER, path="after.pkl"), open_another=open_another)
    async with app_of(subject).run_test(size=(100, 30)) as pilot:
        app = pilot.app
        await until(pilot, lambda: shown_tree(app).has_focus)
        assert "Diff" not in screen_text(app)
        await pilot.press("d", *"missing.pkl", "enter")
        await until(pilot, lambda: "! there is no missing.pkl\\x1b[2J" in screen_text(app))
        await pilot.press("ctrl+u", *"before.pkl", "enter")
        await until(pilot, lambda: "different in 2 places" in screen_text(app))
        await until(pilot, lambda: shown_tree(app).has_focus)
        # Another one, from here.
        await pilot.press("d", *"same.pkl", "enter")
        await until(pilot, lambda: "equal: structure" in screen_text(app))
        assert asked == ["missing.pkl", "before.pkl", "same.pkl"]
        await pilot.press("1")
        await until(pilot, lambda: "type or value" in screen_text(app))


async def test_without_a_way_to_another_file_d_says_so():
    async with running(opened_file(AFTER)) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: "nothing here to compare with" in screen_text(app))


async def test_objects_without_a_partner_say_so():
    subject = Subject(opened_file(AFTER, BEFORE), other=opened_file(BEFORE, path="one.pkl"))
    async with app_of(subject, view="diff").run_test(size=(100, 30)) as pilot:
        app = pilot.app
        await until(pilot, lambda: "different in 2 places" in screen_text(app))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "one.pkl holds 1 object: there is none" in screen_text(app))
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "different in 2 places" in screen_text(app))


@pytest.fixture
def report():
    """What is said of a log of three misses."""
    from eqxview.inspect.jit_cache import jit_cache
    from eqxview.watching import Compile, Difference, Log, Seconds, Site

    site = Site("train.py", 41, "train")
    lambdas = Difference("f", "identity:lambda", "<lambda at train.py:40>", "a new object", site)
    shape = Difference("x", "shape", "[4]", "[5]", None)
    compiles = tuple(
        Compile(
            name=name,
            kind="function",
            number=number,
            seconds=Seconds(0.1, 0.2, seconds),
            at=seconds,
            site=site,
            source=Site("train.py", line, name),
            differences=differences,
        )
        for name, number, seconds, line, differences in (
            ("step", 1, 1.0, 5, ()),
            ("loss", 1, 2.0, 9, ()),
            ("step", 2, 3.0, 5, (lambdas,)),
            ("loss", 2, 4.0, 9, (shape,)),
        )
    )
    return jit_cache(Log(compiles=compiles, seconds=8.0, jax="0.10.0"))


def log_subject(report):
    return Subject(opened_file(path="log.json"), report=("cache", report))


async def test_a_log_is_a_screen_whose_misses_open_with_their_fix(report):
    async with app_of(log_subject(report)).run_test(size=(100, 40)) as pilot:
        app = pilot.app
        await until(pilot, lambda: "── Cache ──" in screen_text(app) and parts(app).has_focus)
        assert "Tree" not in screen_text(app)
        await pilot.press("slash", *"identity:lambda", "enter")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "<lambda at train.py:40>" in screen_text(app)
        assert "make it once, with def, outside" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press("f")
        await until(pilot, lambda: "screens with a filter: none" in screen_text(app))
        await pilot.press("right_square_bracket", "d", "tab")
        await until(pilot, lambda: "there is one screen" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
