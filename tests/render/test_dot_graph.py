"""`eqxview.graph(x)`: a picture where one types."""

import subprocess
import sys
from pathlib import Path

import pytest
from dot_seen import lines_of

import eqxview
from eqxview.errors import UsageError
from eqxview.render.dot import engines
from eqxview.render.dot.wasm import WasmGraphviz

needs_engine = pytest.mark.skipif(
    not any(engine.is_here() for engine in engines.ENGINES),
    reason="needs a Graphviz: the system's, or the extra eqxview[dot]",
)


@needs_engine
def test_a_notebook_shows_a_picture_and_has_the_tree_as_text():
    bundle = eqxview.graph({"weight": 1.5})._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert "['weight']" in lines_of(bundle["image/svg+xml"])
    assert "['weight']" in bundle["text/plain"]


@needs_engine
def test_front_ends_that_ask_for_svg_get_it():
    assert "<svg " in (eqxview.graph({"weight": 1.5})._repr_svg_() or "")


def test_where_nothing_can_draw_a_notebook_shows_the_tree_as_text_and_says_why(monkeypatch):
    monkeypatch.setattr(engines, "ENGINES", ())
    graph = eqxview.graph({"weight": 1.5})
    bundle = graph._repr_mimebundle_()
    assert set(bundle) == {"text/plain"}
    assert "['weight']" in bundle["text/plain"]
    assert "eqxview[dot]" in bundle["text/plain"]
    assert graph._repr_svg_() is None


def test_the_view_and_the_number_of_nodes_are_those_asked_for():
    graph = eqxview.graph({"a": {"b": 1, "c": 2}}, max_nodes=2)
    assert "folded: 2 nodes" in graph.dot
    assert "folded" not in eqxview.graph({"a": {"b": 1, "c": 2}}).dot


def test_a_picture_of_no_nodes_is_refused():
    with pytest.raises(UsageError, match="0 nodes"):
        eqxview.graph({"a": 1}, max_nodes=0)


@needs_engine
@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph")]
)
def test_a_picture_is_saved_in_the_format_of_its_suffix(suffix, start, tmp_path: Path):
    path = tmp_path / f"picture.{suffix}"
    eqxview.graph({"a": 1}).save(path)
    assert path.read_bytes().startswith(start)


@pytest.mark.skipif(not WasmGraphviz().is_here(), reason="needs the extra: eqxview[dot]")
def test_a_second_picture_does_not_compile_graphviz_again(monkeypatch):
    engine = WasmGraphviz()
    first = engine.svg("digraph { a }")
    monkeypatch.setattr("eqxview.render.dot.wasm._compiled", None)
    assert engine.svg("digraph { a }") == first


@pytest.mark.skipif(not WasmGraphviz().is_here(), reason="needs the extra: eqxview[dot]")
def test_python_ends_without_a_word_after_a_picture():
    code = """
from eqxview.render.dot import wasm
engine = wasm.WasmGraphviz()
print(len(engine.svg("digraph { a }")) > 100)
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (process.stdout, process.stderr) == ("True\n", "")


def test_a_file_is_drawn_without_jax_and_numpy(model_file):
    code = f"""
import sys
from eqxview.cli.main import run
run([{str(model_file)!r}, "--format", "dot", "-o", {str(model_file) + ".dot"!r}])
print([name for name in ("jax", "numpy", "textual", "IPython") if name in sys.modules])
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (process.stdout, process.stderr) == ("[]\n", "")
