"""What an analysis says, without saying how it looks.

An analysis returns a frozen dataclass with a `document()`; a face (text, HTML, JSON, a
widget) draws documents and knows no analysis. A document is a title and parts, of few kinds:

- `Facts`: names with their values, for one thing;
- `Table`: rows under column names, for many things of a kind;
- `Note`: a sentence, with how much it matters and what to do.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    rows: tuple[tuple[str, str], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names; columns named in `right` hold numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    right: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, and what to do about it."""

    text: str
    level: Level = "info"
    hint: str = ""


Part = Facts | Table | Note


@dataclass(frozen=True, slots=True)
class Document:
    """A title and parts."""

    title: str
    parts: tuple[Part, ...]
