"""A document as text: its parts one below the other."""

import textwrap
from collections.abc import Iterator, Sequence

from eqxview.document import Bars, Column, Document, Facts, Note, Outline, Part, Table, Tone
from eqxview.render.ansi import PLAIN, Palette
from eqxview.render.cells import cell_width, fit
from eqxview.render.outline import outline_lines
from eqxview.render.values import RIGHT_ALIGNED, value_text
from eqxview.tree.key_path import elide_middle, split_entries

_BAR_CELLS = 24
_NOTE_GLYPHS = {"info": "·", "warning": "!", "error": "✗"}


def document_lines(
    document: Document, *, palette: Palette = PLAIN, width: int | None = None
) -> Iterator[str]:
    """The lines of `document`, without its title; `width` is what they must fit in."""
    separator: list[str] = []
    previous: Part | None = None
    for part in document.parts:
        lines = part_lines(part, palette=palette, width=width)
        # Notes stand together; everything else is set apart by an empty line.
        apart = previous is not None and not (isinstance(part, Note) and isinstance(previous, Note))
        separator = [""] if apart else []
        for line in lines:
            yield from separator
            separator = []
            yield line
            previous = part


def part_lines(part: Part, *, palette: Palette = PLAIN, width: int | None = None) -> Iterator[str]:
    """The lines of one part; none for a part that has nothing to say."""
    # The kinds of part are a closed set: a new one is drawn here and in every other renderer.
    match part:
        case Outline():
            yield from _titled(part.title, outline_lines(part, palette=palette, width=width))
        case Facts():
            yield from _titled(part.title, _facts(part, palette, width))
        case Table():
            yield from _titled(part.title, _table(part, palette, width))
        case Bars():
            yield from _titled(part.title, _bars(part, palette, width))
        case Note():
            yield from _note(part, palette, width)


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    first = next(lines, None)
    if first is None:
        return
    if title:
        yield title
    yield first
    yield from lines


def _facts(part: Facts, palette: Palette, width: int | None) -> Iterator[str]:
    names = max((cell_width(fact.name) for fact in part.rows), default=0)
    for fact in part.rows:
        text = value_text(fact.value, fact.unit)
        if width is not None:
            text = _fit_value(text, fact.unit, max(width - names - 2, 8))
        yield f"{palette.faint}{_pad(fact.name, names)}{palette.reset}  {text}".rstrip()


def _table(part: Table, palette: Palette, width: int | None) -> Iterator[str]:
    if not part.rows:
        if part.empty:
            yield part.empty
        return
    texts = [
        [value_text(value, column.unit) for value, column in zip(row, part.columns, strict=True)]
        for row in part.rows
    ]
    widths = [
        max(cell_width(column.name), *(cell_width(row[at]) for row in texts))
        for at, column in enumerate(part.columns)
    ]
    if width is not None:
        _narrow(widths, part.columns, width - 2 * (len(widths) - 1))
    yield (
        palette.faint + _row([column.name for column in part.columns], part, widths) + palette.reset
    )
    tones: Sequence[Tone] = part.tones or ("plain",) * len(part.rows)
    for row, tone in zip(texts, tones, strict=True):
        colour = palette.of_tone(tone)
        line = _row(row, part, widths)
        yield f"{colour}{line}{palette.reset}" if colour else line


def _row(texts: Sequence[str], part: Table, widths: Sequence[int]) -> str:
    cells = []
    for text, column, width in zip(texts, part.columns, widths, strict=True):
        text = _fit_value(text, column.unit, width)
        cells.append(_pad(text, width, right=column.unit in RIGHT_ALIGNED))
    return "  ".join(cells).rstrip()


_LEAST_COLUMN = 6


def _narrow(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Take cells from the widest columns, one by one, until all of them fit in `room`.

    A path keeps its cells for longer than other text: it is what a row is about.
    """
    # How wide a column seems when it is asked who is the widest.
    seems = [0.5 if column.unit == "path" else 1.0 for column in columns]
    excess = sum(widths) - room
    for _ in range(excess):
        at = max(range(len(widths)), key=lambda at: widths[at] * seems[at])
        if widths[at] <= _LEAST_COLUMN:
            return
        widths[at] -= 1


def _bars(part: Bars, palette: Palette, width: int | None) -> Iterator[str]:
    largest = max((bar.value for bar in part.rows), default=0)
    names = max((cell_width(bar.name) for bar in part.rows), default=0)
    texts = [value_text(bar.value, part.unit) for bar in part.rows]
    amounts = max(map(cell_width, texts), default=0)
    room = _BAR_CELLS if width is None else max(4, min(_BAR_CELLS, width - names - amounts - 4))
    for bar, text in zip(part.rows, texts, strict=True):
        drawn = bar_text(bar.value / largest if largest else 0, room)
        colour = palette.of_tone(bar.tone)
        yield (
            f"{_pad(bar.name, names)}  {_pad(text, amounts, right=True)}  "
            f"{colour}{drawn}{palette.reset if colour else ''}"
        ).rstrip()


def bar_text(fraction: float, cells: int) -> str:
    """A bar of `fraction` of `cells` character cells, in eighths of a cell."""
    eighths = round(fraction * cells * 8)
    if fraction > 0:
        # What is there is seen, however small.
        eighths = max(eighths, 1)
    return "█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8]


def _note(part: Note, palette: Palette, width: int | None) -> Iterator[str]:
    colour = {"info": palette.faint, "warning": palette.warning, "error": palette.error}[part.level]
    for line in _wrapped(f"{_NOTE_GLYPHS[part.level]} {part.text}", width):
        yield f"{colour}{line}{palette.reset}"
    # What is to be pasted is not broken into lines.
    if part.hint:
        yield f"  {palette.faint}fix: {part.hint}{palette.reset}"


def _wrapped(text: str, width: int | None) -> list[str]:
    """The text in lines of at most `width` cells, all but the first indented; never empty."""
    if width is None or cell_width(text) <= width:
        return [text]
    return textwrap.wrap(text, max(width, 20), subsequent_indent="  ", break_on_hyphens=False)


def _fit_value(text: str, unit: str, width: int) -> str:
    if cell_width(text) <= width:
        return text
    if unit == "path":
        text = elide_middle(split_entries(text), width)
    # Of a path only where its letters are wide: it was measured in characters.
    return fit(text, width)


def _pad(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - cell_width(text))
    return space + text if right else text + space
