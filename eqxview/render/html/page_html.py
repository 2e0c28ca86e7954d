"""A page as HTML: a file of its own, or a fragment inside another page (a notebook's).

Neither holds a script or asks the network for anything: the policy in the file's head says
so to the browser, too.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from eqxview.document import Outline
from eqxview.render.formats import Drawing
from eqxview.render.html.document_html import document_html
from eqxview.render.html.escape import safe
from eqxview.render.html.extent import Room
from eqxview.render.page import Page
from eqxview.tree.columns import Tree
from eqxview.tree.wording import byte_size

IN_A_FILE = Room(nodes=15_000, open_rows=60)
IN_A_NOTEBOOK = Room(nodes=2_000, open_rows=30)
"""A notebook keeps what it shows in its file, once for each cell."""

_MAX_NOTES = 50

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def draw(page: Page, drawing: Drawing) -> Iterator[str]:
    """The lines of a file that can be opened by itself."""
    titles = (_file_name(page), *(document.title for document in page.documents[:1]))
    title = " · ".join(filter(None, titles)) or "eqxview"
    yield "<!DOCTYPE html>"
    yield '<html lang=en><head><meta charset=utf-8><meta name=color-scheme content="light dark">'
    yield '<meta name=viewport content="width=device-width,initial-scale=1">'
    yield f'<meta http-equiv=Content-Security-Policy content="{_POLICY}">'
    yield f"<title>{safe(title)}</title></head><body class=eqxview-page>"
    yield from fragment(page, room=IN_A_FILE)
    yield "</body></html>"


def fragment(page: Page, *, room: Room = IN_A_NOTEBOOK) -> Iterator[str]:
    """The lines of the page's content with its style, to be put into another page."""
    yield f"<style>{_style()}</style>"
    yield "<div class=eqxview>"
    yield from _heading(page)
    for number, document in enumerate(page.documents, start=1):
        if len(page.documents) > 1:
            yield f"<h2>object {number} of {len(page.documents)}</h2>"
        yield from document_html(document, room)
        for part in document.parts:
            if isinstance(part, Outline):
                yield from _notes(part.tree)
    for hint in page.file.hints if page.file is not None else ():
        yield f"<p role=note class=info>? {safe(hint)}</p>"
    yield "</div>"


def _heading(page: Page) -> Iterator[str]:
    opened = page.file
    if opened is None:
        return
    facts = f"{opened.format} · {byte_size(opened.nbytes)} · read in {opened.seconds * 1000:.0f} ms"
    yield (
        f"<header><h1>{safe(_file_name(page))}</h1> <span>{safe(facts)}</span> "
        f"<span class=safe>{safe(opened.safety)}</span></header>"
    )
    for text in opened.warnings:
        yield f"<p role=note class=warning>! <b>warning:</b> {safe(text)}</p>"
    if opened.error is not None:
        yield f"<p role=note class=error>✗ <b>error:</b> {safe(str(opened.error))}</p>"


def _notes(tree: Tree) -> Iterator[str]:
    rows = sorted(tree.notes)
    for row in rows[:_MAX_NOTES]:
        for note in tree.notes[row]:
            where = safe(tree.path(row) or "root")
            yield f"<p role=note class=warning>! <code>{where}</code>: {safe(note)}</p>"
    if len(rows) > _MAX_NOTES:
        yield f"<p role=note class=warning>! and {len(rows) - _MAX_NOTES:,} more</p>"


def _file_name(page: Page) -> str:
    return "" if page.file is None else os.path.basename(page.file.path)


def _style() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")
