"""One entry of `filter_jit(f).cache`: what a program was compiled for, and what that took."""

import weakref
from types import MappingProxyType
from typing import NamedTuple

from ._changes import Change, changes
from ._heard import Stage
from ._signature import Row, Signature, Types
from ._traces import Traced

_STAGES: tuple[Stage, ...] = ("trace", "lower", "compile")


class Seconds(NamedTuple):
    """Seconds on the way from a Python function to a program."""

    trace: float = 0.0
    """In Python, to see what the function does."""
    lower: float = 0.0
    """To write it down for XLA."""
    compile: float = 0.0
    """In XLA, or to read the program from the persistent cache."""

    @property
    def total(self) -> float:
        """All of them."""
        return sum(self)

    def plus(self, more: dict[Stage, float]) -> "Seconds":
        """With these added."""
        return Seconds(
            *(spent + more.get(stage, 0.0) for spent, stage in zip(self, _STAGES, strict=True))
        )

    def minus(self, less: "Seconds") -> "Seconds":
        """Without these."""
        return Seconds(*(spent - other for spent, other in zip(self, less, strict=True)))


class CacheEntry:
    """What one program, or several of the same signature, were compiled for. Metadata only."""

    __slots__ = ("_compiles", "_rows", "_seconds", "_traced", "_types")

    def __init__(self, rows: Signature, traced: Traced, types: Types) -> None:
        # Without the dict: of a function that is compiled again and again there are many.
        self._rows: tuple[Row, ...] = tuple(rows.values())
        self._traced = weakref.ref(traced)
        self._types = types
        self._compiles = 0
        self._seconds = Seconds()

    @property
    def leaves(self) -> MappingProxyType[str, Row]:
        """What is at each place of the call, by its path: arrays, static values and fields.

        For containers and settings of JAX see `signature`.
        """
        found = {row.path: row for row in self._rows if row.role in ("array", "static")}
        return MappingProxyType(found)

    @property
    def signature(self) -> MappingProxyType[str, Row]:
        """Everything that the program was found by, by path."""
        return MappingProxyType({row.path: row for row in self._rows})

    @property
    def compiles(self) -> int:
        """How often it was compiled: more than once after `jax.clear_caches()`, say."""
        return self._compiles

    @property
    def seconds(self) -> Seconds:
        """What that took, in all."""
        return self._seconds

    def changes_from(self, earlier: "CacheEntry") -> list[Change]:
        """Why it is not the same entry as `earlier`: the places that differ."""
        return changes(earlier.signature, self.signature)

    def __repr__(self) -> str:
        times = "once" if self.compiles == 1 else f"{self.compiles} times"
        return f"<{self.summary()}; compiled {times}>"

    def summary(self) -> str:
        """Each argument in a few words: `model: MLP (6 arrays), x: f32[2]`."""
        texts: dict[str, str] = {}
        arrays: dict[str, int] = {}
        for row in self._rows:
            if row.role == "setting":
                continue
            root = _root(row.path)
            texts.setdefault(root, row.text)
            arrays[root] = arrays.get(root, 0) + (row.role == "array" and row.path != root)
        words = [f"{root}: {text}{_of_arrays(arrays[root])}" for root, text in texts.items()]
        return joined(words) or "no arguments"

    # From here on, for the cache that it is in.

    @property
    def key(self) -> tuple[Row, ...]:
        """Equal for entries of the same signature."""
        return self._rows

    @property
    def types(self) -> Types:
        """What was traced."""
        return self._types

    @property
    def traced(self) -> Traced | None:
        """The function that was traced, unless it was forgotten."""
        return self._traced()

    def share_rows_with(self, other: "CacheEntry") -> None:
        """Takes over equal rows, which are most of them."""
        known = other.signature
        self._rows = tuple(
            old if (old := known.get(row.path)) == row else row for row in self._rows
        )

    def note(self, seconds: dict[Stage, float], by: "CacheEntry") -> None:
        """Counts a compilation, which `by` was made for."""
        self._traced = by._traced
        self._compiles += 1
        self._seconds = self._seconds.plus(seconds)


def _root(path: str) -> str:
    """The argument that a path is in."""
    ends = [end for end in (path.find(".", 1), path.find("[", 1)) if end > 0]
    return path[: min(ends)] if ends else path


def _of_arrays(count: int) -> str:
    if not count:
        return ""
    return " (1 array)" if count == 1 else f" ({count} arrays)"


_SHOWN = 3


def joined(texts: list[str]) -> str:
    """The first few of them, and how many more there are."""
    more = [f"… {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return ", ".join([*texts[:_SHOWN], *more])
