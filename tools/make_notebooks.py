"""Makes the notebooks of `examples/` from its scripts.

    python tools/make_notebooks.py [--check]

A script is divided into cells by `# %%`, and `# %% [markdown]` for text. Where a cell ends with
`print(x)`, the notebook's ends with `x`: it shows what a script prints. With `--check` nothing is
written, and the exit code says whether the notebooks are those of the scripts.
"""

import json
import re
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"
_PRINTED = re.compile(r"^print\((.*)\)$")


def main() -> int:
    """Make or check every notebook."""
    stale = []
    for script in sorted(EXAMPLES.glob("*.py")):
        notebook = script.with_suffix(".ipynb")
        text = notebook_text(script.read_text(encoding="utf-8"))
        if notebook.exists() and notebook.read_text(encoding="utf-8") == text:
            continue
        stale.append(notebook.name)
        if "--check" not in sys.argv[1:]:
            notebook.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        print(
            f"not those of their scripts: {', '.join(stale)}; run: python tools/make_notebooks.py"
        )
        return 1
    return 0


def notebook_text(script: str) -> str:
    """The notebook of a script, as JSON text."""
    cells = [_cell(number, part) for number, part in enumerate(_parts(script))]
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _parts(script: str) -> list[tuple[bool, str]]:
    """Pairs of whether a cell is text, and its lines."""
    pieces = re.split(r"^# %%( \[markdown\])?\n", script, flags=re.MULTILINE)
    return [
        (kind is not None, text.strip("\n"))
        for kind, text in zip(pieces[1::2], pieces[2::2], strict=True)
    ]


def _cell(number: int, part: tuple[bool, str]) -> dict:
    is_text, text = part
    lines = text.split("\n")
    cell: dict = {"id": f"cell-{number}", "metadata": {}}
    if is_text:
        lines = [line.removeprefix("#").removeprefix(" ") for line in lines]
        cell = {"cell_type": "markdown", **cell}
    else:
        if match := _PRINTED.match(lines[-1]):
            lines[-1] = match[1]
        cell = {"cell_type": "code", "execution_count": None, **cell, "outputs": []}
    cell["source"] = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    return cell


if __name__ == "__main__":
    sys.exit(main())
