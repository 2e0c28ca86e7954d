"""Key paths as users write them: `.layers[1].weight`, `['params']['kernel']`.

An *entry* is one step of a path, written as `jax.tree_util.keystr` writes it, so that the
joined entries of a node are the key path that JAX prints for it:

| entry | JAX key | step in Python |
|---|---|---|
| `.weight` | `GetAttrKey` | an attribute: of a Module, namedtuple, dataclass |
| `[1]` | `SequenceKey` | a list or tuple item |
| `['kernel']` | `DictKey` | a dict item |
| `[<flat index 0>]` | `FlattenedIndexKey` | a child of a class registered without keys |
"""

import re
from itertools import accumulate
from typing import NamedTuple


class Step(NamedTuple):
    """One parsed entry of a key path."""

    kind: str
    """`"attribute"`, `"item"` (list, tuple or dict) or `"flat"`."""
    value: object
    """The attribute's name, the index or key, or the flat index."""


def attribute_entry(name: str) -> str:
    """The entry of the attribute `name`."""
    return f".{name}"


def key_entry(key_text: str) -> str:
    """The entry of a dict key, given the key's repr."""
    return f"[{key_text}]"


def flat_entry(index: int) -> str:
    """The entry of child number `index` of a class that is registered without keys."""
    return f"[<flat index {index}>]"


_ATTRIBUTE = re.compile(r"\.([^.\[\]]+)")
_ROOT = re.compile(r"<?\w+>?")
_FLAT = re.compile(r"\[<flat index (\d+)>\]")


def parse_key_path(path: str) -> tuple[Step, ...]:
    """The steps of a key path as `jax.tree_util.keystr` prints it.

    Dict keys must be Python literals (strings, numbers, tuples of these), which is what
    `keystr` prints for them; anything else raises `ValueError` and names the place.
    """
    import ast  # 10 ms, which nobody pays who only looks at trees

    steps: list[Step] = []
    at = 0
    while at < len(path):
        if match := _ATTRIBUTE.match(path, at):
            steps.append(Step("attribute", match[1]))
            at = match.end()
        elif match := _FLAT.match(path, at):
            steps.append(Step("flat", int(match[1])))
            at = match.end()
        elif path[at] == "[":
            end = _closing_bracket(path, at)
            try:
                value = ast.literal_eval(path[at + 1 : end])
            except (ValueError, SyntaxError):
                raise ValueError(
                    f"key path {path!r}: {path[at : end + 1]!r} at character {at} is no literal key"
                ) from None
            steps.append(Step("item", value))
            at = end + 1
        else:
            raise ValueError(
                f"key path {path!r}: expected '.name' or '[key]' at character {at}, "
                f"found {path[at]!r}; write paths as jax.tree_util.keystr prints them, "
                "e.g. .layers[1].weight"
            )
    return tuple(steps)


def _closing_bracket(path: str, start: int) -> int:
    """Position of the `]` that closes the `[` at `start`, strings inside respected."""
    depth, quote, at = 0, "", start
    while at < len(path):
        character = path[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ValueError(f"key path {path!r}: the '[' at character {start} is never closed")


def split_entries(path: str) -> list[str]:
    """The entries of a key path, as they are written: `.layers[1].weight` in three pieces.

    What is no key path comes back in one piece.
    """
    entries: list[str] = []
    at = 0
    while at < len(path):
        if match := _ATTRIBUTE.match(path, at):
            end = match.end()
        elif path[at] == "[":
            try:
                end = _closing_bracket(path, at) + 1
            except ValueError:
                return [path]
        else:
            # A root by name, as in `model.layers[1]`.
            match = _ROOT.match(path)
            if at or match is None:
                return [path]
            end = match.end()
        entries.append(path[at:end])
        at = end
    return entries


def elide_middle(entries: list[str], width: int) -> str:
    """The joined entries in at most `width` cells, whole entries dropped from the middle.

    `.blocks[…].attn.q` rather than `.blocks[11].att…`: a name is never cut, unless the last
    name alone is wider than `width`; then its end is kept.
    """
    if len(entries) <= width and len(whole := "".join(entries)) <= width:
        return whole
    # Keep as many entries as fit, the tail first: it is what tells two leaves apart. Lengths
    # only, and no more entries than cells: a path may have fifty thousand of them.
    heads = list(accumulate((len(entry) for entry in entries[:width]), initial=0))
    tails = list(accumulate((len(entry) for entry in entries[: -width - 1 : -1]), initial=0))
    best, longest = "", 0
    for tail in range(1, min(len(tails), len(entries))):
        if tails[tail] >= width:
            break
        head = min(tail, len(entries) - tail, len(heads) - 1)
        while head and heads[head] + 1 + tails[tail] > width:
            head -= 1
        if heads[head] + tails[tail] > longest:
            longest = heads[head] + tails[tail]
            best = "".join((*entries[:head], "…", *entries[-tail:]))
    if best:
        return best
    return "…" + entries[-1][-(width - 1) :] if width > 1 else "…"[:width]
