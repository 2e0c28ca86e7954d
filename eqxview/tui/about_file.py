"""What there is to know about the file itself."""

from collections.abc import Iterator

from eqxview.readers.opened import OpenedFile
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import byte_size, counted
from eqxview.tui.lines import Line, Piece

_NAME_WIDTH = 10


def about_lines(opened: OpenedFile) -> Iterator[tuple[Line, int]]:
    """Lines with the indentation of what they continue in."""
    for name, value in (
        ("file", sanitise(opened.path, limit=1000)),
        ("format", opened.format),
        ("size", f"{byte_size(opened.nbytes)} ({opened.nbytes:,} bytes)"),
        ("read in", f"{opened.seconds * 1000:,.0f} ms"),
        ("safety", opened.safety),
        ("objects", counted(len(opened.trees), "object")),
    ):
        yield (Piece(f"{name:<{_NAME_WIDTH}}", "faint"), Piece(value)), _NAME_WIDTH
    if opened.error is not None:
        yield (), 0
        yield (Piece(f"! {sanitise(str(opened.error), limit=1000)}", "wrong"),), 2
        if opened.error.hint:
            yield (Piece(f"  {sanitise(opened.error.hint, limit=1000)}", "faint"),), 2
    if opened.warnings:
        yield (), 0
        for warning in opened.warnings:
            yield (Piece(f"! {warning}", "unknown"),), 2
    if opened.hints:
        yield (), 0
        for hint in opened.hints:
            yield (Piece(f"? {hint}", "faint"),), 2
    if opened.imports:
        yield (), 0
        yield (Piece("loading it the usual way would import, and may call:", "title"),), 0
        for name in opened.imports:
            yield (Piece(f"  {name}"),), 4


def banner_lines(opened: OpenedFile) -> list[Piece]:
    """What must be seen without asking: that the file broke off, and how many warnings it has."""
    lines: list[Piece] = []
    if opened.error is not None:
        lines.append(Piece(f" ! {sanitise(str(opened.error), limit=1000)}", "wrong"))
    if opened.warnings:
        first, *others = opened.warnings
        more = f" (and {len(others)} more)" if others else ""
        lines.append(Piece(f" ! {first}{more}", "unknown"))
    return lines
