"""What a callable is made of, beyond its name: enough to tell it from another of that name."""

from collections.abc import Hashable
from typing import NamedTuple, Protocol, runtime_checkable

from eqxview.tree.columns import Tree


class Part(NamedTuple):
    """One thing that a callable is made of."""

    token: Hashable
    """Equal tokens, equal things: plain data and digests, never an object of the user's."""
    text: str
    """The thing in a word, sanitised; empty where no word says it."""


class CallableContent(NamedTuple):
    """A callable by its content. Two of one `form` can be compared."""

    form: str
    """How it was taken apart: a live function and one in a file have other tokens."""
    parts: dict[str, Part]
    """By what they are called: `code`, `default of rate`, `scale in its closure`."""
    where: str
    """The line it was written on, as `train.py:12`; empty where that is not known."""


@runtime_checkable
class CallableSource(Protocol):
    """A tree's source of values that knows what the callables of the tree are made of."""

    def callable_content(self, tree: Tree, row: int) -> CallableContent | None:
        """The content of the callable at `row`; `None` where no more is known than its name."""
        ...


CLOSURE = "in its closure"
"""What the names of the parts end in that a callable has taken along from around it."""


def content_changes(
    a: CallableContent, b: CallableContent, *, closure: bool = True
) -> tuple[str, ...]:
    """How `b` differs from `a`, a few words each; empty where they are alike, or no one can tell.

    Without `closure`, what a callable has taken along is not compared.
    """
    if a.form != b.form:
        return ()
    nothing = Part(None, "nothing")
    changes = []
    for name in {**a.parts, **b.parts}:
        if name.endswith(CLOSURE) and not closure:
            continue
        before, after = a.parts.get(name, nothing), b.parts.get(name, nothing)
        if before.token == after.token and (name in a.parts) == (name in b.parts):
            continue
        has_words = before.text and after.text and before.text != after.text
        changes.append(f"other {name}" + (f": {before.text} → {after.text}" if has_words else ""))
    return tuple(changes)
