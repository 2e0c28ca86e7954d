"""A page as JSON: one object, every leaf one line inside it.

    {
     "schema": 1, "view": "tree",
     "file": ..., "format": ..., "bytes": ..., "safety": ..., "warnings": [...], "error": null,
     "imports": [...],
     "objects": [{"leaves": 8, "arrays": 6, "parameters": 58, "bytes": 232}],
     "documents": [{"title": "Tree", "parts": [...]}],
     "leaves": [
      {"path": ".layers[0].weight", "role": "dynamic", "shape": [4, 2], "dtype": "float32", ...},
      ...
     ],
     "static_fields": [
      {"path": ".layers[0].use_bias", ...}
     ],
     "notes": [
      {"object": 0, "path": "", "note": "what is nested deeper than 256 levels was not followed"}
     ]
    }

A leaf has `path` (as `jax.tree_util.keystr` prints it), `role` (`dynamic`, `static leaf` or
`unknown`), `kind`, `type`, `shape` and `dtype` (`null` for what is no array), `weak_type`,
`elements`, `bytes`, `value` (text, for what is no array), `hashing`, `tie` (equal numbers:
the same array), `device`, `committed` (`null` where not known), `notes`, `marks` (what the
view says of this leaf, by the name of the mark); and `object`, its place in `objects` and
`documents`. `notes` at the end are remarks on all other nodes, containers that is. The keys
from `file` to `imports` are there only for a file.

`schema` counts up when a key changes its meaning or goes; new keys may come at any time.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from eqxview.document import Document, MarkColumn, Outline
from eqxview.readers.opened import OpenedFile
from eqxview.render.document_json import document_object
from eqxview.render.formats import Drawing
from eqxview.render.page import Page
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import ROLE_MARKS, Flag, Hashing, Kind, Role

SCHEMA = 1
"""Version of the schema that this module's docstring describes."""


def draw(page: Page, drawing: Drawing) -> Iterator[str]:
    """The lines of the JSON text, made one by one: a large file needs no large string."""
    head: dict[str, Any] = {"schema": SCHEMA, "view": page.view}
    if page.file is not None:
        head |= _file_object(page.file)
    head["objects"] = [_totals(tree) for tree in page.trees]
    head["documents"] = [document_object(document) for document in page.documents]
    yield "{"
    for key, value in head.items():
        yield f" {_dumps(key)}: {_dumps(value)},"
    yield ' "leaves": ['
    yield from _list(_nodes(page, leaves=True))
    yield " ],"
    yield ' "static_fields": ['
    yield from _list(_nodes(page, leaves=False))
    yield " ],"
    yield ' "notes": ['
    yield from _list(_other_notes(page))
    yield " ]"
    yield "}"


def _file_object(opened: OpenedFile) -> dict[str, Any]:
    return {
        "file": opened.path,
        "format": opened.format,
        "bytes": opened.nbytes,
        "seconds": round(opened.seconds, 6),
        "safety": opened.safety,
        "warnings": list(opened.warnings),
        "error": None
        if opened.error is None
        else {
            "message": str(opened.error),
            "offset": opened.error.offset,
            "hint": opened.error.hint,
        },
        "hints": list(opened.hints),
        "imports": list(opened.imports),
    }


def node_object(tree: Tree, row: int, marks: Sequence[MarkColumn] = ()) -> dict[str, Any]:
    """What there is to say about one leaf or static field, as plain data."""
    shape = tree.array_shape(row)
    place = tree.placement(row)
    is_array = tree.kind[row] == Kind.ARRAY
    flags = tree.flags[row]
    return {
        "path": tree.path(row),
        "role": ROLE_MARKS[Role(tree.role[row])].word,
        "kind": Kind(tree.kind[row]).word,
        "type": tree.type_path(row),
        "shape": None if shape is None else list(shape),
        "dtype": tree.dtype_name(row),
        "weak_type": bool(flags & Flag.WEAK) if is_array else None,
        "elements": tree.size[row] if is_array else None,
        "bytes": tree.nbytes[row] if is_array else None,
        "value": None if is_array else tree.value_text(row) or None,
        "hashing": Hashing(tree.hashing[row]).word or None,
        "tie": tree.ties.get(row),
        "device": None if place is None else place.device,
        "committed": None if place is None else bool(flags & Flag.COMMITTED),
        "notes": tree.notes.get(row, []),
        "marks": {column.name: column.of(row).word for column in marks},
    }


def _nodes(page: Page, *, leaves: bool) -> Iterator[dict[str, Any]]:
    for number, tree in enumerate(page.trees):
        marks = _marks_of(tree, page.documents)
        if leaves:
            rows = tree.leaves()
        else:
            rows = (row for row, role in enumerate(tree.role) if role == Role.STATIC_FIELD)
        for row in rows:
            yield {"object": number, **node_object(tree, row, marks)}


def _other_notes(page: Page) -> Iterator[dict[str, Any]]:
    """What there is to say about nodes that are neither leaves nor static fields."""
    for number, tree in enumerate(page.trees):
        for row in sorted(tree.notes):
            if not tree.is_leaf(row) and tree.role[row] != Role.STATIC_FIELD:
                for note in tree.notes[row]:
                    yield {"object": number, "path": tree.path(row), "note": note}


def _marks_of(tree: Tree, documents: Sequence[Document]) -> list[MarkColumn]:
    """The mark columns of the outlines that show `tree`."""
    return [
        column
        for document in documents
        for part in document.parts
        if isinstance(part, Outline) and part.tree is tree
        for column in part.columns
    ]


def _totals(tree: Tree) -> dict[str, int]:
    totals = tree.totals()
    return {
        "leaves": totals.leaves,
        "arrays": totals.arrays,
        "parameters": totals.parameters,
        "bytes": totals.nbytes,
    }


def _list(items: Iterator[dict[str, Any]]) -> Iterator[str]:
    """The items of a JSON list, one a line, commas between."""
    before = next(items, None)
    for item in chain(items, (None,)):
        if before is not None:
            yield f"  {_dumps(before)}{',' if item is not None else ''}"
        before = item


def _dumps(value: Any) -> str:
    # ASCII only: a consumer's terminal sees no control or bidirectional character either.
    return json.dumps(value, ensure_ascii=True)
