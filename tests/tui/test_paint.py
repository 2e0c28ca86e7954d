"""Colours are the theme's, and can be read on dark and on light."""

import pytest
from driving import running, until
from made_files import opened_file

from eqxview.tui.paint import PAINTS, Brush


def luminance(colour):
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style):
    dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "solarized-light", "nord"])
async def test_every_paint_can_be_read_on_every_background(theme):
    async with running(opened_file({"a": 1})) as (app, pilot):
        app.theme = theme
        await until(pilot, lambda: app.current_theme.name == theme)
        brush = Brush(app.screen)
        for paint in PAINTS:
            for under in ("", "cursor", "cursor-blurred"):
                assert contrast(brush._style(paint, under)) >= 2.9, (paint, under)


async def test_another_theme_repaints_every_line():
    async with running(opened_file({"a": 1})) as (app, pilot):
        before = app.export_screenshot()
        app.theme = "textual-light"
        await until(pilot, lambda: app.export_screenshot() != before)
        view = app.screen.query_one("#tree")
        style = next(iter(view.render_line(0))).style
        assert luminance(style.bgcolor) > 0.3


def test_a_terminal_that_says_it_is_light_gets_the_light_theme(monkeypatch):
    from eqxview.tui.app import EqxviewApp
    from eqxview.tui.opening import Opening

    monkeypatch.setenv("COLORFGBG", "0;15")
    assert EqxviewApp(Opening(lambda: opened_file(1)), "x").theme == "textual-light"
    monkeypatch.setenv("COLORFGBG", "15;0")
    assert EqxviewApp(Opening(lambda: opened_file(1)), "x").theme == "textual-dark"
