"""Texts with `*` for any characters and `?` for one; everything else stands for itself."""

import re


def wildcard(text: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """A pattern whose `fullmatch` takes the texts meant; no brackets, unlike `fnmatch`'s."""
    pattern = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def has_wildcard(text: str) -> bool:
    """Whether `text` may stand for more than itself."""
    return "*" in text or "?" in text
