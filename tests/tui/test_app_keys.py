"""Keys and mouse: what they do to the tree, and what the screen says then."""

import numpy as np
from driving import (
    details_of,
    has_tree,
    path_under_cursor,
    press_all,
    running,
    screen_text,
    showing,
    tree_of_app,
    until,
)
from made_files import opened_file, state
from textual.geometry import Offset

from eqxview.tui.parts_view import PartsView
from eqxview.tui.tree_state import TreeState

SMALL = {"a": {"x": np.zeros(3), "y": 1}, "b": [np.ones(2), {"deep": [1, 2]}], "c": None}


def visible_paths(view):
    tree = view.state.tree
    return [tree.path(view.state.row(place)) for place in view.state.folding.visible]


EVERY_KEY = (
    "j l enter escape h z a z M z R z O plus minus n N t space y Y s s i escape v escape "
    "G g J K ctrl+d ctrl+u pagedown pageup right_square_bracket escape"
)
MOVES = [
    ("j", "['a']"),
    ("down down", "['a']['x']"),
    ("j j k", "['a']"),
    ("j j h", "['a']"),
    ("j j left left", ""),
    ("j j j j l", "['b'][0]"),
    ("G", "['c']"),
    ("end home", ""),
    ("G g", ""),
    ("j J", "['b']"),
    ("j J J", "['c']"),
    ("j J J J", "['c']"),
    ("G K", "['b']"),
    ("G K K K", "['a']"),
    ("k", ""),
    ("h", ""),
    ("pagedown", "['c']"),
    ("ctrl+d pageup", ""),
]
FOLDS = [
    ("", 11),
    ("enter", 1),
    ("enter enter", 11),
    ("z a", 1),
    ("z M", 4),
    ("z M z R", 11),
    ("z M j l", 6),
    ("z M j plus", 6),
    ("minus", 9),
    ("minus minus", 8),
    ("minus minus plus", 9),
    ("z M z O", 11),
    ("j j minus", 9),
    ("G minus", 1),
    ("z x", 11),
]


async def test_keys_move_the_cursor():
    async with showing(SMALL) as (view, pilot):
        for keys, path in MOVES:
            view.show(TreeState(view.state.tree))
            await press_all(view.app, pilot, keys)
            assert path_under_cursor(view) == path, keys


async def test_keys_fold():
    async with showing(SMALL) as (view, pilot):
        for keys, count in FOLDS:
            view.show(TreeState(view.state.tree))
            await press_all(view.app, pilot, keys)
            assert len(visible_paths(view)) == count, keys


async def test_the_cursor_goes_to_the_node_that_hides_its_row():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("j", "j", "z", "M")
        assert path_under_cursor(view) == "['a']"


async def test_a_search_goes_along_as_one_types_and_opens_what_hides_a_row():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("z", "M", "slash", "d", "e")
        assert path_under_cursor(view) == "['b'][1]['deep']"
        assert "/de" in screen_text(view.app)
        await pilot.press("backspace", "backspace")
        assert path_under_cursor(view) == ""
        assert len(visible_paths(view)) == 4


async def test_letters_typed_right_behind_the_slash_are_all_searched_for():
    async with showing(SMALL) as (view, pilot):
        # Into the queue at once, as a terminal delivers a paste or a fast hand.
        for key in "/deep":
            view.app.simulate_key("slash" if key == "/" else key)
        await until(pilot, lambda: view.state.found is not None and len(view.state.found) == 1)


async def test_escape_takes_a_search_back_and_enter_keeps_it():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("j", "slash", "d", "e", "e", "p", "escape")
        assert path_under_cursor(view) == "['a']"
        assert view.state.found is None
        await pilot.press("slash", "d", "e", "e", "p", "enter", "escape")
        assert path_under_cursor(view) == "['b'][1]['deep']"
        assert view.state.found is None


async def test_n_goes_to_the_next_row_found_and_shift_n_back():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("slash", "1", "enter")
        first = path_under_cursor(view)
        await pilot.press("n")
        assert path_under_cursor(view) != first
        await pilot.press("N")
        assert path_under_cursor(view) == first


async def test_what_is_not_found_is_said():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("slash", "q", "q", "enter")
        await until(pilot, lambda: "not found: qq" in screen_text(view.app))
        await pilot.press("n")
        await until(pilot, lambda: "not found: qq" in screen_text(view.app))


async def test_y_copies_the_path_and_shift_y_the_expression():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("j", "j", "y")
        assert view.app.clipboard == "['a']['x']"
        await until(pilot, lambda: "copied ['a']['x']" in screen_text(view.app))
        await pilot.press("Y")
        assert view.app.clipboard == "tree['a']['x']"


async def test_marked_rows_are_copied_together_and_escape_unmarks_them():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("j", "j", "space", "space", "y")
        assert view.app.clipboard == "['a']['x']\n['a']['y']"
        await until(pilot, lambda: "2 marked" in screen_text(view.app))
        await pilot.press("escape")
        assert view.state.marks == set()


async def test_t_goes_round_the_places_of_a_shared_array():
    shared = np.zeros(3)
    async with showing({"a": shared, "b": {"c": shared}, "d": 1}) as (view, pilot):
        await pilot.press("j", "z", "M", "t")
        assert path_under_cursor(view) == "['b']['c']"
        await pilot.press("t")
        assert path_under_cursor(view) == "['a']"
        await pilot.press("G", "t")
        await until(pilot, lambda: "no shared array" in screen_text(view.app))


async def test_s_sorts_by_size_and_the_cursor_stays_with_its_row():
    tree = {"a": np.zeros(1), "b": np.zeros(100), "c": np.zeros(10)}
    async with showing(tree) as (view, pilot):
        await pilot.press("j", "s")
        assert visible_paths(view) == ["", "['b']", "['c']", "['a']"]
        assert path_under_cursor(view) == "['a']"
        await pilot.press("slash", "'", "c", "enter", "s")
        assert visible_paths(view) == ["", "['a']", "['b']", "['c']"]
        assert path_under_cursor(view) == "['c']"


async def test_enter_on_a_leaf_gives_the_details_the_keys_and_escape_takes_them_back():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: details_of(view.app).has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: view.has_focus)


async def test_q_leaves_the_details_first_and_then_the_app():
    async with showing(SMALL, size=(40, 12)) as (view, pilot):
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: details_of(view.app).has_focus)
        assert "['a']['x']" in screen_text(view.app)
        assert "mean" in screen_text(view.app)
        await pilot.press("q")
        await until(pilot, lambda: view.has_focus)
        assert view.app.is_running
        await pilot.press("q")
        await until(pilot, lambda: not view.app.is_running)


async def test_escape_with_nothing_to_undo_says_how_to_quit():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("escape")
        await until(pilot, lambda: "q quits" in screen_text(view.app))


async def test_help_names_every_key_and_is_left_by_escape():
    from eqxview.tui.keys import CHORDS, SECTIONS, key_text

    async with showing(SMALL, size=(100, 90)) as (view, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "next row" in screen_text(view.app))
        text = screen_text(view.app)
        for _, section in SECTIONS:
            for binding in section:
                assert f"  {key_text(binding)}" in text
                assert binding.tooltip in text
        for chord in (chord for chords in CHORDS.values() for chord in chords):
            assert f"  {chord.first} {chord.second}" in text
        await pilot.press("escape")
        await until(pilot, lambda: view.has_focus)
        await pilot.press("j")
        assert path_under_cursor(view) == "['a']"


async def test_every_key_of_the_tables_has_an_action():
    from eqxview.tui.keys import CHORDS, SECTIONS

    async with showing(SMALL) as (view, _pilot):
        actions = [binding.action for _, section in SECTIONS for binding in section]
        actions += [chord.action for chords in CHORDS.values() for chord in chords]
        for action in actions:
            name = action.partition("(")[0].removeprefix("app.")
            owners = (view, PartsView, view.screen, view.app)
            assert any(hasattr(owner, f"action_{name}") for owner in owners), action


async def test_the_command_palette_runs_what_a_key_does():
    async with showing(SMALL) as (view, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: len(view.app.screen_stack) > 1)
        await pilot.press(*"fold everything")
        await until(pilot, lambda: "Fold: fold everything" in screen_text(view.app))
        await pilot.press("enter")
        await until(pilot, lambda: len(view.app.screen_stack) == 1)
        await until(pilot, lambda: len(visible_paths(view)) == 4)


async def test_clicks_select_and_fold():
    async with showing(SMALL) as (view, pilot):
        await pilot.click(view, offset=Offset(10, 1))
        assert path_under_cursor(view) == "['a']"
        assert len(visible_paths(view)) == 11
        await pilot.click(view, offset=Offset(3, 1))
        assert len(visible_paths(view)) == 9


async def test_the_wheel_scrolls_and_leaves_the_cursor():
    async with showing(list(range(90))) as (view, pilot):
        view.scroll_down(animate=False)
        await until(pilot, lambda: view.scroll_offset.y > 0)
        assert path_under_cursor(view) == ""
        await pilot.press("j")
        assert view.scroll_offset.y <= 1


async def test_values_are_read_and_shown():
    async with showing({"w": np.array([1.0, 2.0, np.nan])}) as (view, pilot):
        await pilot.press("j")
        await until(pilot, lambda: "mean 1.5" in screen_text(view.app))
        await until(pilot, lambda: "NaN 1" in screen_text(view.app))


async def test_a_value_that_cannot_be_read_says_why_in_the_pane():
    opened = opened_file({"w": np.zeros(3)})

    class Broken:
        def fetch(self, tree, row):
            raise OSError("the disk is on fire\x1b[2J")

    opened.trees[0].values = Broken()
    async with running(opened) as (app, pilot):
        await pilot.press("j")
        await until(pilot, lambda: "the disk is on fire\\x1b[2J" in screen_text(app))
        assert app.is_running


async def test_a_large_array_is_read_only_when_asked_for(monkeypatch):
    from eqxview.tui import detail_pane

    monkeypatch.setattr(detail_pane, "READ_AT_ONCE", 8)
    async with showing({"w": np.arange(3.0)}) as (view, pilot):
        await pilot.press("j")
        await until(pilot, lambda: "values not read yet" in screen_text(view.app))
        await pilot.press("enter")
        await until(pilot, lambda: "mean 1" in screen_text(view.app))


async def test_keys_pressed_while_a_file_is_read_are_pressed_when_it_is_there():
    from threading import Event

    go = Event()

    def slowly():
        go.wait()
        return opened_file(SMALL)

    async with running(slowly, wait=False) as (app, pilot):
        await until(pilot, lambda: "reading resnet.pkl" in screen_text(app))
        await pilot.press("j", "slash", "q", "d", "backspace", "backspace", "d", "e", "enter", "h")
        go.set()
        await until(pilot, lambda: path_or_nothing(app) == "['b'][1]")


def path_or_nothing(app):
    from eqxview.tui.tree_view import TreeView

    views = list(app.screen_stack[0].query(TreeView))
    return path_under_cursor(views[0]) if views else ""


async def test_q_quits_while_a_file_is_read():
    from threading import Event

    never = Event()
    async with running(lambda: never.wait(), wait=False) as (app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    never.set()


async def test_the_other_objects_of_a_file_are_reached_by_brackets():
    async with running(opened_file({"first": 1}, {"second": [1, 2]})) as (app, pilot):
        assert "object 1 of 2" in screen_text(app)
        await pilot.press("j", "right_square_bracket")
        await until(pilot, lambda: "['second']" in screen_text(app))
        assert "object 2 of 2" in screen_text(app)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "['first']" in screen_text(app))
        # Each is where it was left.
        assert path_under_cursor(tree_of_app(app)) == "['first']"


async def test_a_broken_file_shows_its_readable_part_and_its_error():
    from eqxview.errors import UnreadableFile

    error = UnreadableFile("the file breaks off at byte 1,234", hint="copy it again")
    opened = opened_file(SMALL, error=error, warnings=("calls os.system",), imports=("os.system",))
    async with running(opened) as (app, pilot):
        text = screen_text(app)
        assert "! the file breaks off at byte 1,234" in text
        assert "! calls os.system" in text
        assert "['a']" in text
        await pilot.press("i")
        await until(pilot, lambda: "copy it again" in screen_text(app))
        assert "os.system" in screen_text(app)


async def test_no_key_fails_at_any_size():
    async with showing(state()) as (view, pilot):
        for width, height in [(80, 24), (40, 12), (200, 60), (20, 5), (3, 3), (1, 1)]:
            await pilot.resize_terminal(width, height)
            await press_all(view.app, pilot, EVERY_KEY)
            await press_all(view.app, pilot, "slash w enter escape")
            await until(pilot, lambda: view.state.found is None and len(view.app.screen_stack) == 1)


async def test_resizing_keeps_the_cursor_on_screen():
    async with showing(list(range(90))) as (view, pilot):
        await pilot.press("G")
        await pilot.resize_terminal(80, 15)
        await until(pilot, lambda: view.size.height < 15)
        top = view.scroll_offset.y
        assert top <= view.position < top + view.size.height


async def test_the_smallest_trees_are_shown_and_take_every_key():
    pytrees = [None, 1, np.zeros(3), [], {}, {"a": None}]
    async with running(opened_file(*pytrees)) as (app, pilot):
        for _ in pytrees:
            await press_all(app, pilot, EVERY_KEY)
            await until(pilot, lambda: len(app.screen_stack) == 1 and has_tree(app))
            await press_all(app, pilot, "right_square_bracket")
