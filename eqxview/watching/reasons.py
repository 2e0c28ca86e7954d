"""Why a function was compiled again, in words: one sentence for each cause, with one fix."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eqxview.tree.key_path import split_entries
from eqxview.watching.causes import CAUSES
from eqxview.watching.changed import Difference

_MOST_NAMES = 3
_MOST_VALUES = 5
_LONGEST_VALUE = 60

_SUBJECTS = {
    "<function>": "the function",
    "<trace>": "it",
    "<trace>.batch": "the batch that it is mapped over",
    "<jit>": "it",
    "<cache>": "JAX",
    "<mesh>": "the mesh around it",
    "<config>": "something in jax.config",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Things that are not as they were, all for one cause. Its text is a clause."""

    cause: str
    paths: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    """For each path what it was, what it became, and what it became after that."""
    places: tuple[str, ...] = ()
    """The lines that make the things, each once."""
    library: str = ""
    """The library that makes the things, where it is not the user's code that does."""

    @property
    def fix(self) -> str:
        """What to do about it; empty where nothing is wrong with it."""
        return fix_for(self.cause, self.paths)

    def __str__(self) -> str:
        parent = self._made_whole()
        if parent:
            names = _listed([path[len(parent) :] for path in self.paths])
            return f"{parent} is made anew by {self.library} each time ({names} are new functions)"
        text = f"{self._subject()} {self._meaning()}"
        if self.places and not self.library:
            text += f", made at {_listed(self.places)}"
        told = self._told_values()
        return f"{text}: {told}" if told else text

    def _made_whole(self) -> str:
        """The object that a library makes all of these functions for, as Optax an optimiser."""
        if not self.library or not self.cause.startswith("identity:") or len(self.paths) < 2:
            return ""
        parents = {_parent(path) for path in self.paths}
        return parents.pop() if len(parents) == 1 else ""

    def _subject(self) -> str:
        return _listed([_SUBJECTS.get(path, path) for path in self.paths])

    def _meaning(self) -> str:
        cause = CAUSES.get(self.cause)
        if cause is None:
            return self.cause
        text = cause.meaning if len(self.paths) == 1 else cause.plural
        if not self.library:
            return text
        if "anew" in text:
            return text.replace("anew", f"anew by {self.library}", 1)
        return f"{text}, made by {self.library}"

    def _told_values(self) -> str:
        if "identity" in self.cause or self.paths[0] in ("<trace>", "<cache>"):
            return ""
        chains = [_chain(values) for values in self.values]
        chains = [chain for chain in chains if chain]
        if not chains:
            return ""
        if len(chains) == len(self.paths) > 1 and len(set(chains)) == 1:
            return f"{chains[0]} ({'both' if len(chains) == 2 else 'all'})"
        more = " …" if len(chains) > _MOST_NAMES else ""
        return ", ".join(chains[:_MOST_NAMES]) + more


def reasons(misses: Sequence[Sequence[Difference]]) -> tuple[Reason, ...]:
    """Why a function was compiled again: once, or several times in the same paths and causes.

    `misses` holds the differences of each time, in that order; of the last one are the lines.
    """
    groups: dict[tuple[str, str], list[Difference]] = {}
    for found in misses[-1] if misses else ():
        groups.setdefault((found.cause, _library(found)), []).append(found)
    told = [
        Reason(
            cause,
            tuple(found.path for found in group),
            tuple(_values(misses, found) for found in group),
            tuple(dict.fromkeys(str(found.source) for found in group if found.source)),
            library,
        )
        for (cause, library), group in groups.items()
    ]
    return tuple(reason for reason in told if not _goes_without_saying(reason, told))


def fix_for(cause: str, paths: Sequence[str]) -> str:
    """What to do about things at `paths` that are not as they were; empty where nothing is."""
    known = CAUSES.get(cause)
    if known is None:
        return ""
    first, *others = [path if path[:1] != "<" else "..." for path in paths] or ["..."]
    text = known.fix.replace("{tree}", _common_parent(paths) if others else first)
    if "{path}" in text and others:
        text += ", and the other likewise" if len(others) == 1 else ", and the others likewise"
    return text.replace("{path}", first)


def _library(found: Difference) -> str:
    return found.source.library if found.source else ""


def _goes_without_saying(reason: Reason, told: Sequence[Reason]) -> bool:
    """Whether a library made these functions anew along with one in which a value has moved."""
    if not reason.library or not reason.cause.startswith("identity:"):
        return False
    parents = tuple({_parent(path) + entry for path in reason.paths for entry in (".", "[")})
    return any(
        other.cause == "closure-value"
        and other.library == reason.library
        and all(path.startswith(parents) for path in other.paths)
        for other in told
    )


def _values(misses: Sequence[Sequence[Difference]], of: Difference) -> tuple[str, ...]:
    values: list[str] = []
    for miss in misses:
        for found in miss:
            if (found.path, found.cause) == (of.path, of.cause):
                values += [found.before, found.after] if not values else [found.after]
    return tuple(values)


def _chain(values: Sequence[str]) -> str:
    """`0.1 → 0.09 → 0.081`; empty where nothing is to be seen of a change."""
    if len(set(values)) < 2:
        return ""
    texts = _cut(values)
    if len(texts) > _MOST_VALUES:
        texts = [*texts[: _MOST_VALUES - 1], "…", texts[-1]]
    return " → ".join(texts)


def _cut(values: Sequence[str]) -> list[str]:
    """Long values from a little before the first character in which they differ."""
    if max(map(len, values)) <= _LONGEST_VALUE:
        return list(values)
    columns = zip(*values, strict=False)
    alike = sum(1 for _ in itertools.takewhile(lambda column: len(set(column)) == 1, columns))
    start = max(alike - _LONGEST_VALUE // 3, 0)
    return [
        ("…" if start else "")
        + value[start : start + _LONGEST_VALUE]
        + ("…" if len(value) > start + _LONGEST_VALUE else "")
        for value in values
    ]


def _listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and 7 more`."""
    names = list(dict.fromkeys(names))
    if len(names) > _MOST_NAMES:
        names = [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} more"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _parent(path: str) -> str:
    return "".join(split_entries(path)[:-1])


def _common_parent(paths: Sequence[str]) -> str:
    def common() -> Iterator[str]:
        for entries in zip(*map(split_entries, paths), strict=False):
            if len(set(entries)) > 1:
                return
            yield entries[0]

    return "".join(common()) or "..."
