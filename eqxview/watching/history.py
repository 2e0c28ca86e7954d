"""What has been compiled so far, and what a new call differs in from the nearest of it."""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from eqxview.watching.call_key import CallKey, Container, Node
from eqxview.watching.changed import Difference
from eqxview.watching.difference import differences, function_differences
from eqxview.watching.static_mark import StaticMark

KEPT = 64
"""Calls of one function to compare with. A function compiled more often than that is compared
with its latest."""


@dataclass(frozen=True, slots=True)
class _Seen:
    identity: int
    function: StaticMark
    key: CallKey
    options: tuple[StaticMark, ...]


@dataclass(slots=True)
class _Past:
    calls: deque[_Seen] = field(default_factory=lambda: deque(maxlen=KEPT))
    compiled: int = 0


class History:
    """Calls that were compiled, by where their function is written."""

    def __init__(self) -> None:
        self._pasts: dict[Hashable, _Past] = {}

    def explain(
        self, function: StaticMark, key: CallKey, options: tuple[StaticMark, ...]
    ) -> tuple[int, tuple[Difference, ...]]:
        """Which compilation this is of the function, and why the earlier ones do not serve.

        The first compilation of a function is 1, and has no differences. Remembers the call.
        """
        assert function.function is not None
        past = self._pasts.setdefault(function.function.place, _Past())
        past.compiled += 1
        seen = _Seen(function.function.identity, function, key, options)
        found = _explain(past.calls, seen)
        past.calls.append(seen)
        return past.compiled, tuple(found)

    def changed_in_place(self, function: StaticMark, key: CallKey) -> tuple[Difference, ...]:
        """The static objects of a call that are those of an earlier one, with another hash."""
        assert function.function is not None
        past = self._pasts.get(function.function.place)
        now = dict(_statics(key))
        for old in reversed(past.calls if past else ()):
            if old.identity != function.function.identity:
                continue
            found = tuple(
                Difference(path, "static-mutated", before.text, now[path].text)
                for path, before in _statics(old.key)
                if path in now
                and 0 != before.identity == now[path].identity
                and before.hash != now[path].hash
            )
            if found:
                return found
        return ()


def _statics(key: CallKey) -> Iterable[tuple[str, StaticMark]]:
    for parameter in key.parameters:
        yield from _statics_in(parameter.name, parameter.node)


def _statics_in(path: str, node: Node) -> Iterable[tuple[str, StaticMark]]:
    if isinstance(node, StaticMark):
        yield path, node
    elif isinstance(node, Container):
        for entry, child in (*node.aux, *node.children):
            yield from _statics_in(path + entry, child)


def nearest(earlier: Iterable[CallKey], key: CallKey) -> list[Difference] | None:
    """The differences from the key that differs least, the latest of equals; `None` without."""
    best: list[Difference] | None = None
    for old in earlier:
        found: list[Difference] = []
        for difference in differences(old, key):
            found.append(difference)
            if best is not None and len(found) >= len(best):
                break
        else:
            best = found
    return best


def _explain(calls: Iterable[_Seen], seen: _Seen) -> list[Difference]:
    latest_first = list(calls)[::-1]
    if not latest_first:
        return []
    same = [old for old in latest_first if old.identity == seen.identity]
    if not same:
        old = latest_first[0]
        found = list(function_differences("<function>", old.function, seen.function))
        return found + (nearest((old.key for old in latest_first), seen.key) or [])
    found = nearest((old.key for old in same), seen.key) or []
    trace = [difference for difference in found if difference.cause == "trace-context"]
    if trace:
        # All arguments are tracers then: one difference, not one for each.
        return trace[:1]
    batch = [difference for difference in found if difference.path == "<trace>.batch"]
    if batch:
        return batch[:1]
    if found:
        return found
    if all(old.options != seen.options for old in same):
        before, after = (_options_text(old.options) for old in (same[0], seen))
        return [Difference("<jit>", "jit-options", before, after)]
    return list(_never_equal(seen.key)) or [
        Difference("<cache>", "cache-cleared", "compiled before", "forgotten")
    ]


def _options_text(options: Iterable[StaticMark]) -> str:
    return ", ".join(value.text for value in options)


def _never_equal(key: CallKey) -> Iterable[Difference]:
    """Values of this call that no later call can be found equal to."""
    for path, static in _statics(key):
        if static.hashing == "nan":
            yield Difference(path, "static-nan", static.text, static.text)
        elif static.hashing == "broken":
            yield Difference(path, "static-broken-eq", static.text, static.text)
