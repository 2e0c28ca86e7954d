"""An opened file as text: what it is, its trees, and what there is to know about them."""

import os
from collections import Counter
from collections.abc import Iterator

from eqxview.readers.opened import OpenedFile
from eqxview.render.ansi import COLOURED, PLAIN, Palette
from eqxview.render.outline import outline_lines
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import ROLE_MARKS, Role
from eqxview.tree.sanitise import sanitise
from eqxview.tree.wording import byte_size, counted


def file_lines(
    opened: OpenedFile, *, colour: bool = False, width: int | None = None
) -> Iterator[str]:
    """The lines of the whole answer."""
    palette = COLOURED if colour else PLAIN
    yield file_heading(opened)
    for warning in opened.warnings:
        yield f"{palette.warning}! {warning}{palette.reset}"
    for number, tree in enumerate(opened.trees, start=1):
        yield ""
        if len(opened.trees) > 1:
            yield f"{palette.faint}object {number} of {len(opened.trees)}{palette.reset}"
        yield from outline_lines(tree, palette=palette, width=width)
        yield from _notes(tree, palette)
        yield ""
        yield tree_summary(tree)
        yield f"{palette.faint}{legend(tree)}{palette.reset}"
    for hint in opened.hints:
        yield f"{palette.faint}? {hint}{palette.reset}"


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
