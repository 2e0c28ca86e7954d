"""Pictures: both engines, hostile names, and what is said where nothing can draw."""

import random
import struct
import sys
import time
from xml.etree import ElementTree

import numpy as np
import pytest
from dot_seen import dot_of, lines_of, nodes_of
from hostile.injection import MARKUP, NASTY
from hypothesis import given, settings
from hypothesis import strategies as st

from eqxview.cli.main import run
from eqxview.errors import EqxviewError, MissingExtra
from eqxview.render.cells import fit
from eqxview.render.dot import engines
from eqxview.render.dot.svg_to_png import png_of
from eqxview.render.dot.system_dot import SystemDot
from eqxview.render.dot.wasm import WasmGraphviz
from eqxview.tree.sanitise import sanitise

ENGINES = [
    pytest.param(
        SystemDot(),
        id="system",
        marks=pytest.mark.skipif(not SystemDot().is_here(), reason="no `dot` on the path"),
    ),
    pytest.param(
        WasmGraphviz(),
        id="wasm",
        marks=pytest.mark.skipif(
            not WasmGraphviz().is_here(), reason="needs the extra: eqxview[dot]"
        ),
    ),
]
with_each_engine = pytest.mark.parametrize("engine", ENGINES)

GRAPHVIZ_MEANINGS = (
    r"\N\G\L\l\n\r\E\T\H",
    "\\",
    'a"b',
    '\\"',
    "&amp;lt;",
    "&#65;&copy;&",
    "<table><tr><td>x</td></tr></table>",
    "<>",
    '];n1 [URL="javascript:alert(1)"',
    "a:b:c",
    "{a|b}",
    "-->]]>",
    "%3 // /* #",
    "é ● 漢字",
    "_",
    " a  b ",
)
HOSTILE = (*NASTY, *MARKUP, *GRAPHVIZ_MEANINGS)


def shown(text):
    """What a screen shows of a string, as it is written in a tree; all spaces alike."""
    return sanitise(repr(text)).replace("\xa0", " ")


def label(text):
    """The same in the room that a box has."""
    return fit(text, 36)


@with_each_engine
def test_hostile_names_and_values_are_shown_letter_by_letter(engine):
    svg = engine.svg(dot_of({text: text for text in HOSTILE}))
    labels = {lines[0]: lines[1] for lines in nodes_of(svg).values() if len(lines) > 1}
    for text in HOSTILE:
        assert labels[label(f"[{shown(text)}]")] == label(shown(text))


@with_each_engine
def test_hostile_names_become_neither_links_nor_scripts_nor_files(engine):
    svg = engine.svg(dot_of({text: {text: text} for text in HOSTILE}))
    root = ElementTree.fromstring(svg.encode())
    tags = {element.tag.partition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "g", "a", "title", "text", "polygon", "path", "polyline", "ellipse"}
    for element in root.iter():
        assert not any(name.endswith("href") or name.startswith("on") for name in element.attrib)


@with_each_engine
def test_a_pointer_over_a_node_reads_its_path_letter_by_letter(engine):
    svg = engine.svg(dot_of(dict.fromkeys(HOSTILE, 1)))
    root = ElementTree.fromstring(svg.encode())
    titles = "\n".join(
        element.get("{http://www.w3.org/1999/xlink}title", "") for element in root.iter()
    )
    for text in HOSTILE:
        assert f"[{shown(text)}]\n" in titles.replace("\xa0", " ")


@pytest.mark.skipif(not WasmGraphviz().is_here(), reason="needs the extra: eqxview[dot]")
@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=5, unique=True))
def test_any_text_at_all_is_shown_letter_by_letter(texts):
    nodes = nodes_of(WasmGraphviz().svg(dot_of(texts)))
    labels = {lines[0]: lines[1] for lines in nodes.values() if lines[0][:1] == "["}
    for index, text in enumerate(texts):
        assert labels[f"[{index}]"] == label(shown(text))


@with_each_engine
def test_boxes_of_leaves_do_not_overlap(engine):
    x = {"a": [{"w": n, "b": "abc"[n % 3]} for n in range(7)], "c": list("xyz"), "d": 1.5}
    root = ElementTree.fromstring(engine.svg(dot_of(x)).encode())
    boxes = []
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        if group.get("class") == "node":
            points = [
                tuple(map(float, point.split(",")))
                for polygon in group.iter("{http://www.w3.org/2000/svg}polygon")
                for point in polygon.get("points").split()
            ]
            if points:
                across, down = zip(*points, strict=True)
                boxes.append((min(across), min(down), max(across), max(down)))
    assert len(boxes) > 15
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert apart, (one, other)


@with_each_engine
def test_a_picture_says_what_the_tree_says(engine):
    lines = lines_of(engine.svg(dot_of({"w": np.zeros((2, 3), np.float32), "n": None})))
    assert "dict of 2  6 · 24 B" in lines
    assert {"['w']", "f32[2,3]", "numpy", "['n'] None", "dynamic", "none"} <= set(lines)
    assert "1 array (6 elements, 24 B), 0 other leaves, 0 static fields" in lines


@with_each_engine
def test_text_is_shown_in_fonts_that_are_as_wide_as_the_one_it_was_laid_out_in(engine):
    root = ElementTree.fromstring(engine.svg(dot_of({"w": 1})).encode())
    families = {element.get("font-family") for element in root.iter() if element.text}
    (family,) = families - {None}
    assert family.startswith("ui-monospace")
    assert family.endswith("monospace")
    assert root.get("role") == "img"


@with_each_engine
def test_a_png_is_twice_the_size_of_the_svg(engine):
    source = dot_of({"w": np.zeros(3, np.float32)})
    width = float(ElementTree.fromstring(engine.svg(source).encode()).get("width")[:-2])
    png = engine.png(source)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    # A point is 1/72 of an inch.
    assert struct.unpack(">I", png[16:20])[0] == pytest.approx(2 * width, rel=0.05)


def tangle(nodes):
    """A graph whose layout takes minutes."""
    numbers = random.Random(0)
    pairs = ((numbers.randrange(nodes), numbers.randrange(nodes)) for _ in range(4 * nodes))
    return f"digraph {{ {'; '.join(f'{one} -> {other}' for one, other in pairs)} }}"


@pytest.mark.parametrize("engine_class", [SystemDot, WasmGraphviz])
def test_a_layout_that_takes_too_long_is_given_up(engine_class):
    # So little that no memory limit is met before, on however quick a machine.
    engine = engine_class(max_seconds=0.1)
    if not engine.is_here():
        pytest.skip("this Graphviz is not installed")
    start = time.monotonic()
    with pytest.raises(EqxviewError, match=r"took more than 0\.1 s") as caught:
        engine.svg(tangle(2_000))
    assert time.monotonic() - start < 10
    assert "max_nodes" in caught.value.hint


@with_each_engine
def test_what_graphviz_cannot_read_is_told(engine):
    with pytest.raises(EqxviewError, match="Graphviz") as caught:
        engine.svg("digraph {")
    assert "--format dot" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="the program made here is a shell script")
def test_a_program_that_fails_is_told_with_its_own_last_words(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho first >&2; echo 'no layout engine' >&2; exit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EqxviewError, match="exit code 3: no layout engine"):
        SystemDot().svg("digraph {}")


class Nowhere:
    """An engine that is not installed."""

    def is_here(self):
        return False


class Somewhere(Nowhere):
    def is_here(self):
        return True


def test_the_first_engine_that_is_here_draws(monkeypatch):
    first, second = Somewhere(), Somewhere()
    monkeypatch.setattr(engines, "ENGINES", (Nowhere(), first, second))
    assert engines.engine() is first


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_without_an_engine_the_command_names_the_extra(
    suffix, model_file, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(engines, "ENGINES", (Nowhere(),))
    picture = tmp_path / f"model.{suffix}"
    assert run([str(model_file), "-o", str(picture)]) == 3
    assert 'python -m pip install "eqxview[dot]"' in capsys.readouterr().err
    assert not picture.exists()


def test_without_resvg_a_png_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtra, match="PNG"):
        png_of("<svg/>")


def test_dot_text_needs_no_engine(model_file, monkeypatch, capsys):
    monkeypatch.setattr(engines, "ENGINES", (Nowhere(),))
    assert run([str(model_file), "--format", "dot"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("digraph eqxview {")
    assert "layout=osage" in out


def test_a_terminal_is_not_sent_a_png(model_file, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert run([str(model_file), "--format", "png"]) == 64
    assert "-o picture.png" in capsys.readouterr().err


@with_each_engine
def test_a_full_picture_with_many_ties_is_laid_out_in_seconds(engine):
    shared = np.zeros(3)
    source = dot_of([[shared, number, shared] for number in range(100)])
    assert source.count("->") > 30
    start = time.monotonic()
    engine.svg(source)
    assert time.monotonic() - start < 5
