"""A filter that cannot be understood."""

from collections.abc import Iterable
from difflib import get_close_matches

from eqxview.errors import UsageError


class FilterError(UsageError):
    """What is wrong with a filter, and where."""

    def __init__(self, what: str, *, at: int, hint: str = "") -> None:
        super().__init__(f"filter, character {at + 1}: {what}", hint=hint)
        self.what = what
        """What is wrong, without the place."""
        self.position = at
        """Characters before the place; the length of the filter where something is missing."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'dtype'? ` where a known name is near; else empty."""
    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}? " if near else ""
