"""Text anywhere in a key path, found without writing a path for each row."""

import re

from eqxview.inspect.filters.entry_rows import rows_by_entry_text
from eqxview.inspect.masks import Mask, at_or_below, both, directly_below, either
from eqxview.tree.columns import Tree

_STEP = re.compile(r"[.\[]")


def rows_with_path_text(tree: Tree, needle: str, *, ignore_case: bool) -> Mask:
    """The rows whose key path contains `needle`.

    It may lie in one entry, or reach over several: then it is cut where entries can begin, and
    the pieces must be the end of an entry, whole entries, and the beginning of one.
    """

    def entry(text: str) -> str:
        return text.lower() if ignore_case else text

    found = rows_by_entry_text(tree, lambda text: needle in entry(text), needle)
    cuts = [match.start() for match in _STEP.finditer(needle) if match.start()]
    ends: list[Mask] = []
    for number, cut in enumerate(cuts):
        # The rows whose path ends in what stands before the cut.
        head, tail = needle[:cut], needle[cut:]
        ending = rows_by_entry_text(tree, lambda text, head=head: entry(text).endswith(head), head)
        for before, at in zip(ends, cuts[:number], strict=True):
            piece = needle[at:cut]
            whole = rows_by_entry_text(tree, lambda text, piece=piece: entry(text) == piece, piece)
            ending = either(ending, both(whole, directly_below(tree, before)))
        ends.append(ending)
        begun = rows_by_entry_text(tree, lambda text, tail=tail: entry(text).startswith(tail), tail)
        found = either(found, both(begun, directly_below(tree, ending)))
    return at_or_below(tree, found)
