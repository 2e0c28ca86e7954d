"""An analysis of tables and nothing else."""

from eqxview.document import Column, Document, Fact, Facts, Table

NAMES = ("delta", "alpha", "charlie", "bravo")


class Tables:
    """Two tables."""

    def document(self):
        return Document(
            "Tables",
            (
                Facts((Fact("tables", 2, "count"),)),
                Table(
                    (Column("name"), Column("seconds", "seconds"), Column("where", "path")),
                    tuple(
                        (name, None if name == "bravo" else 1.5 * at, f"['{name[0]}']")
                        for at, name in enumerate(NAMES)
                    ),
                    title="times",
                ),
                Table((Column("line", "code"),), (("x = 1",), ("y = 2",)), title="code"),
                Table((Column("nothing"),), (), empty="no third table"),
            ),
        )


def answer(question):
    """What makes this file the module of an analysis."""
    return Tables()
