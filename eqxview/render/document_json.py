"""A document as plain data for JSON: parts by their kind, values as they are, with units."""

from typing import Any, assert_never

from eqxview.document import Bars, Document, Facts, Note, Outline, Part, Table


def document_object(document: Document) -> dict[str, Any]:
    """`document` as plain data; its outlines by their marks (the leaves stand elsewhere)."""
    return {
        "title": document.title,
        "parts": [part_object(part) for part in document.parts],
    }


def part_object(part: Part) -> dict[str, Any]:
    """One part as plain data; `kind` says which."""
    match part:
        case Facts():
            return {
                "kind": "facts",
                "title": part.title,
                "facts": [
                    {"name": fact.name, "value": fact.value, "unit": fact.unit}
                    for fact in part.rows
                ],
            }
        case Table():
            return {
                "kind": "table",
                "title": part.title,
                "columns": [{"name": name, "unit": unit} for name, unit in part.columns],
                "rows": [list(row) for row in part.rows],
            }
        case Bars():
            return {
                "kind": "bars",
                "title": part.title,
                "unit": part.unit,
                "bars": [{"name": bar.name, "value": bar.value} for bar in part.rows],
            }
        case Outline():
            return {
                "kind": "outline",
                "title": part.title,
                "marks": [column.name for column in part.columns],
            }
        case Note():
            return {"kind": "note", "level": part.level, "text": part.text, "hint": part.hint}
    assert_never(part)
