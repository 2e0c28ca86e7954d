"""Lines of text in pieces, each with the name of its paint: what widgets draw.

Text from a file is never taken for markup: a piece is a string and a name, nothing is parsed.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


class Piece(NamedTuple):
    """Some text, and how it is painted."""

    text: str
    paint: str = ""
    """The name of a paint (see `paint.py`); empty for the widget's own colours."""


Line = tuple[Piece, ...]


def text_width(text: str) -> int:
    """Cells that `text` takes."""
    # Most texts are ASCII, which takes a cell a character.
    return len(text) if text.isascii() else cell_len(text)


def line_width(line: Iterable[Piece]) -> int:
    """Cells that a line takes."""
    return sum(text_width(piece.text) for piece in line)


def fitted(text: str, width: int) -> str:
    """`text` in exactly `width` cells: filled up, or cut with an ellipsis."""
    if width <= 0:
        return ""
    length = text_width(text)
    if length <= width:
        return text + " " * (width - length)
    return set_cell_size(text, width - 1) + "…"


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut with an ellipsis if it is wider."""
    return text if cell_len(text) <= width else fitted(text, width)


def wrapped(line: Iterable[Piece], width: int, *, indent: int = 0) -> Iterator[Line]:
    """`line` in lines of at most `width` cells, broken at spaces where there are any.

    Every line but the first begins with `indent` spaces.
    """
    width = max(width, 1)
    # Room for one wide character at least.
    indent = min(indent, width // 2, max(width - 2, 0))
    current: list[Piece] = []
    used = 0
    for piece in line:
        for word in _words(piece.text):
            length = cell_len(word)
            if used + cell_len(word.rstrip()) > width and used > indent:
                yield tuple(current)
                current, used = [Piece(" " * indent)], indent
                word = word.lstrip()
                length = cell_len(word)
            while used + cell_len(word.rstrip()) > width:
                head = _head(word, width - used)
                yield (*current, Piece(head, piece.paint))
                word = word[len(head) :]
                current, used = [Piece(" " * indent)], indent
                length = cell_len(word)
            if used + length > width:
                # The spaces that stand where the line ends.
                word = word.rstrip()
                length = cell_len(word)
            current.append(Piece(word, piece.paint))
            used += length
    if current:
        yield tuple(current)


def _words(text: str) -> Iterator[str]:
    """The words of `text`, each with the spaces behind it."""
    at = 0
    while at < len(text):
        end = text.find(" ", at)
        if end < 0:
            yield text[at:]
            return
        while end < len(text) and text[end] == " ":
            end += 1
        yield text[at:end]
        at = end


def _head(word: str, width: int) -> str:
    """As many characters of `word` as fit in `width` cells, but one at least."""
    for length in range(1, len(word) + 1):
        # Measured as a whole: a variation selector makes the letter before it wider.
        if cell_len(word[:length]) > width:
            return word[: max(length - 1, 1)]
    return word
