"""The parts of a document in HTML, one below the other."""

from collections.abc import Iterator, Sequence

from eqxview.document import Bars, Column, Document, Facts, Note, Outline, Part, Table, Tone, Value
from eqxview.render.html.escape import safe, safe_lines, safe_path
from eqxview.render.html.extent import Room
from eqxview.render.html.outline_html import legend_html, outline_html
from eqxview.render.page_text import tree_summary
from eqxview.render.values import RIGHT_ALIGNED, value_text

_MAX_ROWS = 2_000
_SHOWN_ROWS = 100
_NOTE_GLYPHS = {"info": "·", "warning": "!", "error": "✗"}


def document_html(document: Document, room: Room) -> Iterator[str]:
    """The lines of `document`, without its title."""
    for part in document.parts:
        yield from part_html(part, room)


def part_html(part: Part, room: Room) -> Iterator[str]:
    """The lines of one part; none for a part that has nothing to say."""
    match part:
        case Outline():
            yield from _titled(part.title, outline_html(part, room))
            yield f"<p class=sum>{safe(tree_summary(part.tree))}</p>"
            if legend := legend_html(part):
                yield f"<p class=legend>{legend}</p>"
        case Facts():
            yield from _titled(part.title, _facts(part))
        case Table():
            yield from _titled(part.title, _table(part))
        case Bars():
            yield from _titled(part.title, _bars(part))
        case Note():
            yield _note(part)


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    first = next(lines, None)
    if first is None:
        return
    if title:
        yield f"<h3>{safe(title)}</h3>"
    yield first
    yield from lines


def _facts(part: Facts) -> Iterator[str]:
    if not part.rows:
        return
    yield "<table class=facts>"
    for fact in part.rows:
        column = Column(fact.name, fact.unit)
        yield (
            f"<tr><th scope=row>{safe(fact.name)}</th><td>{_value(fact.value, column)}</td></tr>"
        )
    yield "</table>"


def _table(part: Table) -> Iterator[str]:
    if not part.rows:
        if part.empty:
            yield f"<p>{safe(part.empty)}</p>"
        return
    tones: Sequence[Tone] = part.tones or ("plain",) * len(part.rows)
    rows = list(zip(part.rows, tones, strict=True))[:_MAX_ROWS]
    yield from _rows(part, rows[:_SHOWN_ROWS])
    if rest := rows[_SHOWN_ROWS:]:
        yield f"<details><summary>{len(rest):,} more rows</summary>"
        yield from _rows(part, rest)
        yield "</details>"
    if len(part.rows) > _MAX_ROWS:
        yield f"<p class=more>… {len(part.rows) - _MAX_ROWS:,} more rows are not drawn here</p>"


def _rows(part: Table, rows: Sequence[tuple[tuple[Value, ...], Tone]]) -> Iterator[str]:
    heads = "".join(
        f"<th scope=col{_aligned(column)}>{safe(column.name)}</th>" for column in part.columns
    )
    yield f"<div class=scroll><table><thead><tr>{heads}</tr></thead><tbody>"
    for row, tone in rows:
        cells = "".join(
            f"<td{_aligned(column)}>{_value(value, column)}</td>"
            for value, column in zip(row, part.columns, strict=True)
        )
        yield f"<tr class={tone}>{cells}</tr>"
    yield "</tbody></table></div>"


def _bars(part: Bars) -> Iterator[str]:
    if not part.rows:
        return
    largest = max(bar.value for bar in part.rows)
    column = Column("", part.unit)
    yield "<table class=bars>"
    for bar in part.rows:
        share = 100 * bar.value / largest if largest > 0 else 0
        yield (
            f"<tr class={bar.tone}><th scope=row>{safe(bar.name)}</th>"
            f"<td class=r>{_value(bar.value, column)}</td>"
            f"<td><span style=width:{share:.2f}%></span></td></tr>"
        )
    yield "</table>"


def _note(part: Note) -> str:
    word = "" if part.level == "info" else f"<b>{part.level}:</b> "
    hint = f"<br>fix: <code>{safe_lines(part.hint)}</code>" if part.hint else ""
    return (
        f"<p role=note class={part.level}>{_NOTE_GLYPHS[part.level]} {word}{safe(part.text)}"
        f"{hint}</p>"
    )


def _aligned(column: Column) -> str:
    return " class=r" if column.unit in RIGHT_ALIGNED else ""


def _value(value: Value, column: Column) -> str:
    text = value_text(value, column.unit)
    match column.unit:
        case "path":
            return f"<code>{safe_path(text)}</code>"
        case "code":
            return f"<code>{safe_lines(text)}</code>"
    return safe(text)
