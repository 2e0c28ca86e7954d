r"""Text that Graphviz shows letter by letter.

Graphviz reads more into a label than is there: `\N` is the node's name, `\l` ends a line,
`&lt;` is an angle bracket, and a label `<...>` is markup. Where a name comes from a file, all
of these are letters.
"""

from collections.abc import Iterable

import graphviz


def label(lines: Iterable[str]) -> str:
    r"""The lines as a label, each set to the left."""
    return graphviz.nohtml("".join(f"{_letters(line)}\\l" for line in lines))


def title(text: str) -> str:
    """One line as a label."""
    return graphviz.nohtml(_letters(text))


def tooltip(lines: Iterable[str]) -> str:
    r"""The lines as a tooltip.

    Graphviz reads a tooltip twice: of `\\N` the first time leaves `\N`, the second the node's name.
    """
    return graphviz.nohtml("\\n".join(_letters(line).replace("\\\\", 4 * "\\") for line in lines))


def _letters(text: str) -> str:
    return _entities(text).replace("\\", "\\\\")


def _entities(text: str) -> str:
    return text.replace("&", "&amp;")
