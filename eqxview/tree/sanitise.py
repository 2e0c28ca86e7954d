"""Text from a file or a live object, made safe to put on a screen.

Done once, where a string enters a tree, so that no face (terminal, HTML, JSON) has to
remember it. Escaped are the characters that make a terminal act or a reader see other
text than is there: C0 and C1 controls (ESC among them), lone surrogates, and the invisible
format characters (bidirectional overrides, zero-width joiners, tags, byte-order marks).
Line and paragraph separators go the same way: one node is one line.
"""

import unicodedata

# Cc control, Cf format, Cs surrogate, Co private use, Cn unassigned, Zl/Zp line separators.
_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

MAX_TEXT = 200
"""Characters kept of one string; longer ones end in an ellipsis and their length."""


def sanitise(text: str, *, limit: int = MAX_TEXT) -> str:
    r"""`text` with every character that could act on a screen shown as an escape.

    >>> sanitise("bell\x07 and \x1b[2J")
    'bell\\x07 and \\x1b[2J'

    A text longer than `limit` characters is cut, and says how long it was.
    """
    if len(text) > limit:
        text = f"{text[:limit]}… ({len(text):,} characters)"
    # isprintable() is one C call that is true of nearly every string.
    if text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _ESCAPED else c for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
