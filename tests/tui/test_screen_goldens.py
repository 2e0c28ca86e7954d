"""What is on screen, as text, at three sizes: read in review like code.

`EQXVIEW_UPDATE_GOLDENS=1 python -m pytest tests/tui/test_screen_goldens.py` writes them anew.
"""

import pytest
from driving import has_tree, path_under_cursor, running, screen_text, tree_of_app, until
from golden_files import check_golden
from made_files import opened_file, state
from toy_analysis import TOY

from eqxview.errors import UnreadableFile
from eqxview.inspect.analyses import ANALYSES
from eqxview.tui import tabs

SIZES = [(40, 12), (80, 24), (200, 60)]


@pytest.fixture(autouse=True)
def known_tabs(monkeypatch):
    """The same tabs whatever analyses come to be: else each of them would change every golden."""
    known = ("tree", "roles", "partition", "placement")
    analyses = [analysis for analysis in ANALYSES if analysis.name in known]
    monkeypatch.setattr(tabs, "ANALYSES", analyses)


def check(name, text):
    check_golden(f"screens/{name}.txt", f"{text}\n")


def named(width, height):
    return f"{width}x{height}"


@pytest.mark.parametrize("size", SIZES, ids=[named(*size) for size in SIZES])
async def test_the_first_screen_a_search_with_marks_and_an_array(size):
    # One after the other in one app: starting it is most of the time of a test.
    async with running(opened_file(state()), size=size) as (app, pilot):
        check(f"first_{named(*size)}", screen_text(app))
        await pilot.press("j", "j", "space", "slash", *"f32[64,6")
        await until(pilot, lambda: "f32[64,6" in screen_text(app).splitlines()[-1])
        await until(pilot, lambda: "reading the values" not in screen_text(app))
        check(f"search_{named(*size)}", screen_text(app))
        await pilot.press("escape", "escape", "z", "M", "z", "R")
        await pilot.press("slash", *"['embed']['w", "enter")
        assert path_under_cursor(tree_of_app(app)) == "['embed']['weight']"
        await pilot.press("enter")
        await until(pilot, lambda: "histogram" in screen_text(app))
        check(f"array_{named(*size)}", screen_text(app))


@pytest.mark.parametrize("size", SIZES, ids=[named(*size) for size in SIZES])
async def test_a_filter_and_what_comes_of_it(size, monkeypatch):
    monkeypatch.setattr(tabs, "ANALYSES", [ANALYSES[0], TOY])
    async with running(opened_file(state()), size=size, view="toy", wait=False) as (app, pilot):
        await until(pilot, lambda: "short 8" in screen_text(app) and app.focused is not None)
        await pilot.press("j", "f", *"10", "x", "backspace")
        await until(pilot, lambda: "short 31" in screen_text(app))
        check(f"filter_{named(*size)}", screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "is no numb" in screen_text(app))
        check(f"filter_wrong_{named(*size)}", screen_text(app))
        await pilot.press("escape", "w")
        await until(pilot, lambda: "half" in screen_text(app) and "1/2" in screen_text(app))
        check(f"parts_{named(*size)}", screen_text(app))


async def test_the_two_halves_of_a_partition():
    async with running(opened_file(state()), view="partition", wait=False) as (app, pilot):
        await until(pilot, lambda: "half" in screen_text(app) and app.focused is not None)
        await pilot.press("f", *"**.attn", "enter")
        await until(pilot, lambda: has_tree(app))
        check("partition_80x24", screen_text(app))


async def test_a_broken_file():
    error = UnreadableFile("the file breaks off at byte 1,234", hint="copy it again")
    warnings = ("loading it would call os.system", "it holds two objects")
    opened = opened_file({"a": 1}, error=error, warnings=warnings, imports=("os.system",))
    async with running(opened) as (app, pilot):
        check("broken_80x24", screen_text(app))
        await pilot.press("i")
        await until(pilot, lambda: "copy it again" in screen_text(app))
        check("about_80x24", screen_text(app))


async def test_the_help():
    async with running(opened_file({"a": 1})) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "next row" in screen_text(app))
        check("help_80x24", screen_text(app))


async def test_names_far_down_and_too_long():
    deep = np_free_nest(30)
    async with running(opened_file(deep)) as (app, pilot):
        await pilot.press("z", "R", "G")
        await pilot.pause()
        check("deep_80x24", screen_text(app))


def np_free_nest(depth):
    nest = {"a name that is much too long for its column, and then some more of it": None}
    for _ in range(depth):
        nest = {"level": nest}
    return nest
