"""Driving the app in tests: press keys, wait for conditions, read the screen as text."""

import time
from contextlib import asynccontextmanager

from made_files import opened_file
from textual import events

from eqxview.tui.app import EqxviewApp
from eqxview.tui.detail_pane import DetailPane
from eqxview.tui.opening import Opening
from eqxview.tui.subject import Subject
from eqxview.tui.tree_view import TreeView


@asynccontextmanager
async def running(opened, *, size=(80, 24), wait=True, view="", filter=""):
    """The app showing an opened file (or what a function gives), and its pilot."""
    opening = Opening(lambda: Subject(opened() if callable(opened) else opened))
    app = EqxviewApp(opening, "resnet.pkl", view=view, filter=filter)
    async with app.run_test(size=size) as pilot:
        if wait:
            await until(pilot, lambda: has_tree(app))
        yield app, pilot


@asynccontextmanager
async def showing(*pytrees, size=(80, 24)):
    """The app showing pytrees; gives its tree widget, and its pilot."""
    async with running(opened_file(*pytrees), size=size) as (app, pilot):
        yield tree_of_app(app), pilot


async def until(pilot, condition, *, seconds=60):
    """Let the app work until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await pilot.pause(0.01)
    await pilot.pause()


async def press_all(app, pilot, keys):
    """Press keys as a fast hand does, without waiting for what each of them does."""
    for key in keys.split():
        app.post_message(events.Key(key, key if len(key) == 1 else _CHARACTERS.get(key)))
    await pilot.pause()


_CHARACTERS = {"slash": "/", "plus": "+", "minus": "-", "space": " ", "colon": ":"}


def has_tree(app):
    """Whether the tree is there and has the keys."""
    return any(view.has_focus for view in app.screen_stack[0].query(TreeView))


def tree_of_app(app):
    return app.screen_stack[0].query_one(TreeView)


def details_of(app):
    return app.screen_stack[0].query_one(DetailPane)


def screen_text(app):
    """What is on the screen, one line a row."""
    strips = app.screen._compositor.render_strips()
    lines = ("".join(segment.text for segment in strip).rstrip() for strip in strips)
    return "\n".join(lines)


def path_under_cursor(view):
    return view.state.tree.path(view.state.current_row)
