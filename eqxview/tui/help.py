"""The help: made from the tables of keys and of roles."""

from collections.abc import Iterator

from eqxview.tree.kinds import ROLE_MARKS
from eqxview.tui.keys import CHORDS, SECTIONS, key_text
from eqxview.tui.lines import Line, Piece
from eqxview.tui.paint_names import PAINT_OF_ROLE

_KEY_WIDTH = 12


def help_lines() -> Iterator[tuple[Line, int]]:
    """Lines with the indentation of what they continue in."""
    for title, section in SECTIONS:
        yield (Piece(title, "title"),), 0
        for binding in section:
            yield _key_line(key_text(binding), binding.tooltip or binding.description)
        for chord in CHORDS.get(title, ()):
            yield _key_line(f"{chord.first} {chord.second}", chord.sentence)
        yield (), 0
    yield (Piece("In a search", "title"),), 0
    yield _key_line("⏎ Esc", "keep what was found; go back to where the search began")
    yield _key_line("↓ ↑", "next and previous row found")
    yield (), 0
    yield (Piece("Roles", "title"),), 0
    for role, mark in ROLE_MARKS.items():
        if mark.glyph:
            glyph = Piece(f"  {mark.glyph} {mark.letter or ' ':<8}", PAINT_OF_ROLE[role])
            yield (glyph, Piece(f"{mark.word}: {mark.why}")), _KEY_WIDTH
    yield _key_line("*", "committed to its device")
    yield _key_line("~1", "shared: equal numbers are the same array")
    yield _key_line("!", "something is wrong: the details say what")
    yield (), 0
    yield (Piece("Mouse", "title"),), 0
    yield _key_line("click", "select; on ▸ and ▾ fold or unfold")
    yield _key_line("twice", "fold or unfold; a leaf's details")


def _key_line(keys: str, sentence: str) -> tuple[Line, int]:
    return (Piece(f"  {keys:<{_KEY_WIDTH - 2}}", "key"), Piece(sentence)), _KEY_WIDTH
