"""A page as text: the file, its documents, and what there is to know about them."""

import os
from collections import Counter
from collections.abc import Iterator

from eqxview.document import Outline
from eqxview.readers.opened import OpenedFile
from eqxview.render.ansi import COLOURED, PLAIN, Palette
from eqxview.render.document_text import document_lines
from eqxview.render.formats import Drawing
from eqxview.render.page import Page
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import ROLE_MARKS, Role
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import byte_size, counted


def draw(page: Page, drawing: Drawing) -> Iterator[str]:
    """The lines of the whole answer."""
    palette = COLOURED if drawing.colour else PLAIN
    faint, warning, reset = palette.faint, palette.warning, palette.reset
    opened = page.file
    if opened is not None:
        yield file_heading(opened)
        for text in opened.warnings:
            yield f"{warning}! {text}{reset}"
    for number, document in enumerate(page.documents, start=1):
        if opened is not None or number > 1:
            yield ""
        if len(page.documents) > 1:
            yield f"{faint}object {number} of {len(page.documents)}{reset}"
        yield from document_lines(document, palette=palette, width=drawing.width)
        for part in document.parts:
            if isinstance(part, Outline):
                yield from _notes(part.tree, palette)
                if not any(tree is part.tree for tree in page.trees):
                    # Made for this view, of two trees say: its sums are nobody's.
                    continue
                yield ""
                yield tree_summary(part.tree)
                yield f"{faint}{legend(part.tree)}{reset}"
    for hint in opened.hints if opened is not None else ():
        yield f"{faint}? {hint}{reset}"


def file_heading(opened: OpenedFile) -> str:
    """The file in one line: name, format, size, reading time, and what was run: nothing."""
    return " · ".join(
        (
            sanitise(os.path.basename(opened.path)),
            opened.format,
            byte_size(opened.nbytes),
            f"read in {opened.seconds * 1000:.0f} ms",
            opened.safety,
        )
    )


def tree_summary(tree: Tree) -> str:
    """The tree in one line: its arrays, its other leaves, its static fields."""
    totals = tree.totals()
    roles = Counter(tree.role)
    parts = [
        f"{counted(totals.arrays, 'array')} "
        f"({counted(totals.parameters, 'element')}, {byte_size(totals.nbytes)})",
        counted(totals.leaves - totals.arrays, "other leaf"),
        counted(roles[Role.STATIC_FIELD], "static field"),
    ]
    if tree.ties:
        shared = len(set(tree.ties.values()))
        parts.append(f"{counted(shared, 'array')} shared, counted once")
    return ", ".join(parts)


def legend(tree: Tree) -> str:
    """The glyphs that the tree uses, with their words."""
    used = set(tree.role)
    return "  ".join(
        f"{mark.glyph} {mark.word}"
        for role, mark in ROLE_MARKS.items()
        if role in used and mark.glyph
    )


_MAX_NOTES = 20


def _notes(tree: Tree, palette: Palette) -> Iterator[str]:
    rows = sorted(tree.notes)
    if rows:
        yield ""
    for row in rows[:_MAX_NOTES]:
        for note in tree.notes[row]:
            yield f"{palette.warning}! {tree.path(row) or 'root'}: {note}{palette.reset}"
    if len(rows) > _MAX_NOTES:
        yield f"{palette.warning}! and {len(rows) - _MAX_NOTES:,} more{palette.reset}"
