"""The programs of a Markdown page: its ```python blocks, and what the page says they print."""

import contextlib
import io
import linecache
import re
from dataclasses import dataclass

_BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\s*^```text\n(?P<output>.*?)^```\n)?",
    flags=re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Program:
    """One block of code, and the block of text that stands directly below it, if any does."""

    line: int
    code: str
    output: str


def programs_of(page):
    """Every program of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Program(text.count("\n", 0, match.start()) + 2, match["code"], match["output"] or "")
        for match in _BLOCK.finditer(text)
    ]


def with_outputs(page, outputs):
    """The text of a page, with these outputs below its programs."""
    remaining = iter(outputs)

    def fill(match):
        output = next(remaining)
        shown = f"\n```text\n{output}```\n" if output else ""
        return f"```python\n{match['code']}```\n{shown}"

    return _BLOCK.sub(fill, page.read_text(encoding="utf-8"))


def run(program, namespace, name):
    """What the program prints; if it raises, that comes last, as `ValueError: message`."""
    # Line numbers of the page, and its lines where somebody wants to show them.
    source = "\n" * (program.line - 1) + program.code
    filename = f"<{name}:{program.line}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(source, filename, "exec"), namespace)
        except Exception as error:  # noqa: BLE001  the page may show any
            print(f"{type(error).__name__}: {error}")
    output = printed.getvalue()
    assert "```" not in output, "a page cannot show this"
    return output
