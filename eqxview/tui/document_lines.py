"""A document as lines of pieces, for a pane that is tall or for one that is flat."""

from collections.abc import Iterator

from eqxview.document import Document, Facts, Note, Part, Table
from eqxview.tui.lines import Line, Piece, line_width, wrapped

_LEVEL_PAINTS = {"info": "faint", "warning": "unknown", "error": "wrong"}
_LEVEL_MARKS = {"info": "·", "warning": "!", "error": "!"}
_NAME_WIDTH = 10


def document_lines(document: Document, width: int, *, flat: bool = False) -> Iterator[Line]:
    """The lines of the document's parts, its title apart.

    `flat` puts as many facts in a line as fit, for a pane of few lines.
    """
    for part in document.parts:
        yield from _part_lines(part, width, flat=flat)


def _part_lines(part: Part, width: int, *, flat: bool) -> Iterator[Line]:
    match part:
        case Facts():
            if part.title and not flat:
                yield ()
                yield (Piece(part.title, "title"),)
            yield from _flowing(part, width) if flat else _stacked(part, width)
        case Note():
            paint = _LEVEL_PAINTS[part.level]
            mark = _LEVEL_MARKS[part.level]
            text = f"{mark} {part.text}" + (f" ({part.hint})" if part.hint else "")
            yield from wrapped((Piece(text, paint),), width, indent=2)
        case Table():
            yield from _table_lines(part, width)


def _stacked(facts: Facts, width: int) -> Iterator[Line]:
    for name, value in facts.rows:
        line = (Piece(f"{name:<{_NAME_WIDTH}}", "faint"), Piece(value, _value_paint(name)))
        yield from wrapped(line, width, indent=_NAME_WIDTH)


def _flowing(facts: Facts, width: int) -> Iterator[Line]:
    current: tuple[Piece, ...] = ()
    for name, value in facts.rows:
        fact = (Piece(f"{name} ", "faint"), Piece(value, _value_paint(name)))
        if current and line_width(current) + 3 + line_width(fact) > width:
            yield from wrapped(current, width, indent=2)
            current = ()
        current = (*current, Piece("   "), *fact) if current else fact
    if current:
        yield from wrapped(current, width, indent=2)


def _value_paint(name: str) -> str:
    return "bar" if name == "histogram" else ""


def _table_lines(table: Table, width: int) -> Iterator[Line]:
    widths = [
        max(line_width((Piece(row[index]),)) for row in (table.columns, *table.rows))
        for index in range(len(table.columns))
    ]
    for number, row in enumerate((table.columns, *table.rows)):
        cells = [
            f"{cell:>{size}}" if name in table.right else f"{cell:<{size}}"
            for cell, size, name in zip(row, widths, table.columns, strict=True)
        ]
        line = (Piece("  ".join(cells).rstrip(), "" if number else "faint"),)
        yield from wrapped(line, width, indent=2)
