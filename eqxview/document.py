"""What an analysis says, without saying how it looks.

An analysis returns a frozen report with a `document()`; a face (text, HTML, JSON, DOT, a
widget) draws documents and knows no analysis. A document is a title and parts, of five kinds:

- `Facts`: names with their values, for one thing;
- `Table`: rows under columns, for many things of a kind;
- `Bars`: amounts beside each other, drawn to scale;
- `Outline`: a tree, each of its nodes marked;
- `Note`: a sentence, with how much it matters and what to do.

Values are plain data with a unit, not text: JSON keeps `1024`, a screen shows `1.0 KB`.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from eqxview.tree.columns import Tree

Level = Literal["info", "warning", "error"]

Tone = Literal["plain", "dynamic", "static", "faint", "good", "warning", "error"]
"""What a colour is to say; a face picks the colour, and never says it by colour alone."""

Unit = Literal["text", "path", "code", "count", "bytes", "seconds", "number", "ratio"]
"""How a value is to be written: `path` is a key path (elided in the middle of its steps),
`code` is Python to paste, `ratio` a fraction of 1."""

Value = str | int | float | bool | None
"""Plain data; `None` where there is nothing to say."""


class Fact(NamedTuple):
    """A name with its value."""

    name: str
    value: Value
    unit: Unit = "text"


class Facts(NamedTuple):
    """Names with their values."""

    rows: tuple[Fact, ...]
    title: str = ""


class Column(NamedTuple):
    """A column of a table."""

    name: str
    unit: Unit = "text"


class Table(NamedTuple):
    """Rows under columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    title: str = ""
    tones: tuple[Tone, ...] = ()
    """The tone of each row; empty: all plain."""
    empty: str = ""
    """What to say where there are no rows; empty: draw nothing at all."""


class Bar(NamedTuple):
    """One amount."""

    name: str
    value: int | float
    tone: Tone = "plain"


class Bars(NamedTuple):
    """Amounts beside each other, drawn to the scale of the largest."""

    rows: tuple[Bar, ...]
    unit: Unit = "count"
    title: str = ""


class Mark(NamedTuple):
    """What one node of an outline is marked with."""

    word: str
    """E.g. `selected`; empty for no mark."""
    tone: Tone = "plain"
    glyph: str = ""
    """One character in front of the node; empty keeps the glyph of its role."""


NO_MARK = Mark("")


class MarkColumn(NamedTuple):
    """A mark for each node of a tree: a table of marks, and one small integer a row."""

    name: str
    """E.g. `side`; the key of the mark in JSON."""
    marks: tuple[Mark, ...]
    codes: Sequence[int]
    """For each row of the tree its index into `marks`."""

    def of(self, row: int) -> Mark:
        """The mark of the node at `row`."""
        return self.marks[self.codes[row]]


class Outline(NamedTuple):
    """A tree, with marks on its nodes."""

    tree: Tree
    columns: tuple[MarkColumn, ...] = ()
    """The first one colours the nodes."""
    title: str = ""
    rows: Sequence[int] | None = None
    """The rows to show, ascending, with each row its ancestors; `None` for all."""


class Note(NamedTuple):
    """A sentence, and what to do about it."""

    text: str
    level: Level = "info"
    hint: str = ""


Part = Facts | Table | Bars | Outline | Note


class Document(NamedTuple):
    """A title and parts."""

    title: str
    parts: tuple[Part, ...]
