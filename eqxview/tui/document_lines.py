"""A document as lines of pieces, for a pane that is tall or for one that is flat."""

from collections.abc import Iterator

from eqxview.document import Bars, Document, Facts, Note, Outline, Part, Table
from eqxview.render.document_text import bar_text
from eqxview.render.values import value_text
from eqxview.tui.lines import Line, Piece, fitted, line_width, text_width, wrapped
from eqxview.tui.paint_names import MARK_OF_LEVEL, PAINT_OF_LEVEL, PAINT_OF_TONE
from eqxview.tui.table_layout import TableLayout

_NAME_WIDTH = 10
_LEAST_BAR = 4


def document_lines(document: Document, width: int, *, flat: bool = False) -> Iterator[Line]:
    """The lines of the document's parts, its title apart.

    `flat` puts as many facts in a line as fit, for a pane of few lines.
    """
    for part in document.parts:
        yield from part_lines(part, width, flat=flat)


def part_lines(part: Part, width: int, *, flat: bool = False) -> Iterator[Line]:
    """The lines of one part, its title above it; none for a part that has nothing to say."""
    match part:
        case Facts():
            if part.title and not flat:
                yield ()
                yield (Piece(part.title, "title"),)
            yield from _flowing(part, width) if flat else _stacked(part, width)
        case Note():
            text = f"{MARK_OF_LEVEL[part.level]} {part.text}"
            text += f" ({part.hint})" if part.hint else ""
            yield from wrapped((Piece(text, PAINT_OF_LEVEL[part.level]),), width, indent=2)
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
    widest = max((text_width(fact.name) + 1 for fact in facts.rows), default=0)
    names = min(max(_NAME_WIDTH, widest), max(width // 2, _NAME_WIDTH))
    for name, data, unit in facts.rows:
        value = value_text(data, unit)
        name_piece = Piece(name + " " * max(names - text_width(name), 1), "faint")
        yield from wrapped((name_piece, Piece(value, _value_paint(name))), width, indent=names)


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
    if not table.rows:
        yield from wrapped((Piece(table.empty, "faint"),), width)
        return
    layout = TableLayout(table, width)
    yield layout.header()
    yield from (layout.line(row) for row in range(len(table.rows)))


def _bar_lines(bars: Bars, width: int) -> Iterator[Line]:
    texts = [value_text(bar.value, bars.unit) for bar in bars.rows]
    amounts = max(map(text_width, texts), default=0)
    names = max((text_width(bar.name) for bar in bars.rows), default=0)
    names = min(names, max(width - amounts - 4 - _LEAST_BAR, _LEAST_BAR))
    largest = max((bar.value for bar in bars.rows), default=0)
    cells = max(_LEAST_BAR, min(24, width - names - amounts - 4))
    for bar, text in zip(bars.rows, texts, strict=True):
        drawn = bar_text(bar.value / largest if largest else 0, cells)
        name = f"{fitted(bar.name, names)}  {text:>{amounts}}  "
        paint = PAINT_OF_TONE[bar.tone]
        yield Piece(name, paint), Piece(drawn, paint or "bar")
