"""What the app shows can be had without Textual, and its first paint needs no NumPy or JAX."""

import subprocess
import sys

PURE = [
    "folding",
    "arrangement",
    "subject",
    "table_layout",
    "sheet",
    "line_edit",
    "latest_wish",
    "export",
    "paint_names",
    "search",
    "lines",
    "tree_line",
    "tree_state",
    "python_expression",
    "document_lines",
    "about_file",
    "value_reader",
    "opening",
    "tabs",
]


def loaded_after(code, *names):
    report = f"{code}\nimport sys\nprint('LOADED', *[n for n in {names!r} if n in sys.modules])"
    process = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True, timeout=60
    )
    return process.stdout.rpartition("LOADED")[2].split()


def test_the_pure_parts_load_no_textual():
    code = "; ".join(f"import eqxview.tui.{name}" for name in PURE)
    assert loaded_after(code, "textual", "numpy", "jax") == []


def test_importing_the_app_loads_neither_numpy_nor_jax():
    code = "import eqxview.tui.app, eqxview.tui.tree_screen"
    assert loaded_after(code, "textual", "numpy", "jax") == ["textual"]
