"""An analysis that no widget knows: what any of them looks like in the app."""

from eqxview.document import (
    Bar,
    Bars,
    Column,
    Document,
    Fact,
    Facts,
    Mark,
    MarkColumn,
    Note,
    Outline,
    Table,
)
from eqxview.errors import UsageError
from eqxview.inspect.analyses import Analysis

TOY = Analysis("toy", "Toy", "a toy", __name__, takes_filter=True)
PLAIN_TOY = Analysis("plain-toy", "Plain toy", "a toy without a tree", "toy_tables")

MARKS = (Mark(""), Mark("short", "good", "s"), Mark("long", "warning", "l"))


class Toy:
    """Marks leaves by the length of their label; the filter is that length."""

    def __init__(self, tree, length):
        self.tree = tree
        self.length = length

    def document(self):
        tree = self.tree
        leaves = set(tree.leaves())
        codes = bytearray(len(tree))
        for row in leaves:
            codes[row] = 1 if len(tree.label(row)) < self.length else 2
        counts = [codes.count(code) for code in (1, 2)]
        return Document(
            "Toy",
            (
                Facts((Fact("length", self.length, "count"), Fact("code", "toy(x)", "code"))),
                Table(
                    (Column("half"), Column("leaves", "count"), Column("first", "path")),
                    tuple(
                        (word, count, _first(tree, codes, code))
                        for code, word, count in zip((1, 2), ("short", "long"), counts, strict=True)
                    ),
                    tones=("good", "warning"),
                ),
                Bars(tuple(map(Bar, ("short", "long"), counts))),
                Note("a toy", level="warning", hint="play"),
                Outline(tree, (MarkColumn("length", MARKS, codes),)),
            ),
        )


def _first(tree, codes, code):
    return tree.path(codes.index(code)) if code in codes else None


def answer(question):
    """What makes this file the module of an analysis."""
    text = question.filter or "6"
    if text == "break":
        raise RuntimeError("a bug \x1b[2J")
    if not text.isdigit():
        raise UsageError(f"{text!r} is no number", hint="type one")
    return Toy(question.tree, int(text))
