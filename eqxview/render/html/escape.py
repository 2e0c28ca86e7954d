"""Text made safe for HTML."""

import re
from html import escape

from eqxview.tree.sanitise import sanitise

_NO_LIMIT = 1 << 40


def safe(text: str) -> str:
    """`text` for an element or a quoted attribute; control characters are shown as escapes.

    What comes from a tree is without them already. An analysis may have made text of its own.
    """
    return escape(text if text.isprintable() else sanitise(text, limit=_NO_LIMIT))


def safe_lines(text: str) -> str:
    """The same for code of several lines: its line ends stay."""
    return "\n".join(map(safe, text.split("\n")))


def safe_path(path: str) -> str:
    """A key path that a browser may break before each of its steps."""
    return _STEP.sub("<wbr>", safe(path))


_STEP = re.compile(r"(?<=.)(?=[.\[])")
