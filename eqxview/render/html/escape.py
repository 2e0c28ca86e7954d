"""Text made safe for HTML."""

import re

from eqxview.tree.sanitise import sanitise

_NO_LIMIT = 1 << 40
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def safe(text: str) -> str:
    """`text` for an element or an attribute in double quotes; control characters as escapes.

    What comes from a tree is without them already. An analysis may have made text of its own.
    """
    if not text.isprintable():
        text = sanitise(text, limit=_NO_LIMIT)
    # Not `html.escape`: it writes six characters for each `'`, which is in every key path of a
    # dict, and means nothing between double quotes.
    return text.translate(_ESCAPES)


def safe_lines(text: str) -> str:
    """The same for code of several lines: its line ends stay."""
    return "\n".join(map(safe, text.split("\n")))


def safe_path(path: str) -> str:
    """A key path that a browser may break before each of its steps."""
    return _STEP.sub("<wbr>", safe(path))


_STEP = re.compile(r"(?<=.)(?=[.\[])")
