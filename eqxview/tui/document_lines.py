"""A document as lines of pieces, for a pane that is tall or for one that is flat."""

from collections.abc import Iterator

from eqxview.document import Bars, Document, Facts, Note, Outline, Part, Table
from eqxview.render.document_text import bar_text
from eqxview.render.values import RIGHT_ALIGNED, value_text
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
            yield from _titled(part.title, _table_lines(part, width))
        case Bars():
            yield from _titled(part.title, _bar_lines(part, width))
        case Outline():
            # A pane of lines is no place for a tree: the screen shows it in the tree widget.
            return


def _titled(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    if title:
        yield ()
        yield (Piece(title, "title"),)
    yield from lines


def _stacked(facts: Facts, width: int) -> Iterator[Line]:
    for name, data, unit in facts.rows:
        value = value_text(data, unit)
        line = (Piece(f"{name:<{_NAME_WIDTH}}", "faint"), Piece(value, _value_paint(name)))
        yield from wrapped(line, width, indent=_NAME_WIDTH)


def _flowing(facts: Facts, width: int) -> Iterator[Line]:
    current: tuple[Piece, ...] = ()
    for name, data, unit in facts.rows:
        value = value_text(data, unit)
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
    names = [column.name for column in table.columns]
    rows = [
        [value_text(value, column.unit) for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    if not rows:
        yield from wrapped((Piece(table.empty, "faint"),), width)
        return
    widths = [
        max(line_width((Piece(row[index]),)) for row in (names, *rows))
        for index in range(len(names))
    ]
    for number, row in enumerate((names, *rows)):
        cells = [
            f"{cell:>{size}}" if column.unit in RIGHT_ALIGNED else f"{cell:<{size}}"
            for cell, size, column in zip(row, widths, table.columns, strict=True)
        ]
        line = (Piece("  ".join(cells).rstrip(), "" if number else "faint"),)
        yield from wrapped(line, width, indent=2)


def _bar_lines(bars: Bars, width: int) -> Iterator[Line]:
    texts = [value_text(bar.value, bars.unit) for bar in bars.rows]
    names = max((line_width((Piece(bar.name),)) for bar in bars.rows), default=0)
    amounts = max(map(len, texts), default=0)
    largest = max((bar.value for bar in bars.rows), default=0)
    cells = max(4, min(24, width - names - amounts - 4))
    for bar, text in zip(bars.rows, texts, strict=True):
        drawn = bar_text(bar.value / largest if largest else 0, cells)
        name = bar.name + " " * (names - line_width((Piece(bar.name),)))
        yield Piece(f"{name}  {text:>{amounts}}  "), Piece(drawn, "bar")
