"""Paths with wildcards: `.layers[*].weight`, `**.bias`, `['params'].*.kernel`.

A pattern takes the node that it names, and everything below it.

| step | takes |
|---|---|
| `.name` | the attribute, or the item with this string as its key |
| `['name']` | only the item |
| `[3]`, `[1:4]` | the item, the items 1 to 3 of a sequence |
| `[*]` | any item, of a sequence or a dict |
| `.*` | any attribute, or any item with a string as its key |
| `*` | any one step |
| `**` | any number of steps, none too |

In names, `*` stands for any characters, `?` for one.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from eqxview.inspect.filters.entry_rows import rows_by_entry
from eqxview.inspect.filters.filter_error import FilterError
from eqxview.inspect.filters.wildcards import wildcard
from eqxview.inspect.masks import Mask, at_or_below, both, directly_below
from eqxview.tree.columns import Tree


class Step(NamedTuple):
    """One step of a pattern."""

    named: Callable[[str], bool]
    """Whether it takes an entry that is a name or a key, as written: `.weight`, `['kernel']`."""
    items: Callable[[int], Sequence[int]]
    """Which of the items 0 to n - 1 of a sequence it takes."""
    is_deep: bool = False
    """`**`: it takes any number of steps."""


def rows_of_pattern(tree: Tree, steps: Sequence[Step]) -> Mask:
    """The rows that the pattern names, and those below them."""
    # The rows that are reached by the steps so far; the root by none.
    reached: Mask = b"\1" + bytes(len(tree) - 1)
    for step in steps:
        if step.is_deep:
            reached = at_or_below(tree, reached)
        else:
            passing = rows_by_entry(tree, step.named, step.items)
            reached = both(passing, directly_below(tree, reached))
    return at_or_below(tree, reached)


def parse_pattern(text: str, *, at: int = 0) -> tuple[Step, ...]:
    """The steps of a pattern; raises `FilterError`. `at` is where it stands in its filter."""
    steps: list[Step] = []
    place = 0
    while place < len(text):
        match = _STEP.match(text, place)
        if match is None:
            raise FilterError(
                f"expected a step of a path, found {text[place]!r} in {text!r}",
                at=at + place,
                hint="paths are written .name, [3], ['key'], with * for any step and ** for many",
            )
        steps.append(_step(match))
        place = match.end()
    return tuple(steps)


_STEP = re.compile(
    r"""
    \.?(?P<deep>\*\*)(?=[.\[]|\Z)
    | (?P<any>\*)(?=[.\[]|\Z)
    | \.(?P<name>[^.\[\]()]+)
    | \[(?P<item>\s*\*\s*)\]
    | \[\s*(?P<slice>-?\d*\s*:\s*-?\d*)\s*\]
    | \[(?P<flat><flat\ index\ \d+>)\]
    | \[(?P<key>(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\]'"])+)\]
    """,
    re.VERBOSE,
)


def _step(match: re.Match[str]) -> Step:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    match kind:
        case "deep":
            return Step(_anything, _every, is_deep=True)
        case "any":
            return Step(_anything, _every)
        case "item":
            return Step(lambda entry: entry.startswith("["), _every)
        case "slice":
            start, stop = (int(end) if end.strip() else None for end in text.split(":"))
            return Step(_nothing, lambda count: _sliced(count, slice(start, stop)))
        case "name":
            attribute, key = wildcard(f".{text}"), wildcard(text)
            return Step(
                lambda entry: bool(attribute.fullmatch(entry)) or _is_key(entry, key), _none
            )
    if text.isdecimal():
        index, literal = int(text), f"[{int(text)}]"
        return Step(
            lambda entry: entry == literal,
            lambda count: _sliced(count, slice(index, index + 1)),
        )
    if text[0] in "'\"":
        key = wildcard(text[1:-1])
        return Step(lambda entry: _is_key(entry, key), _none)
    # A number below zero, a tuple, a flat index: as it is written in the path.
    whole = wildcard(f"[{text}]")
    return Step(lambda entry: bool(whole.fullmatch(entry)), _none)


def _is_key(entry: str, pattern: re.Pattern[str]) -> bool:
    """Whether an entry is the item of a string key that matches."""
    quoted = entry[:2] in ("['", '["')
    return quoted and bool(pattern.fullmatch(entry[2:-2]))


def _anything(entry: str) -> bool:
    return True


def _nothing(entry: str) -> bool:
    return False


def _every(count: int) -> Sequence[int]:
    return b"\1" * count


def _none(count: int) -> Sequence[int]:
    return bytes(count)


def _sliced(count: int, items: slice) -> Sequence[int]:
    chosen = bytearray(count)
    for index in range(*items.indices(count)):
        chosen[index] = 1
    return chosen
